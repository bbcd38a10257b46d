# Makes migrations.c from sql/migrate/NNNN-name.sql, in the order given.
function quote(text) {
    gsub(/\\/, "&&", text)
    gsub(/"/, "\\\"", text)
    return text
}
FNR == 1 {
    if (NR > 1)
        print "    },"
    else
        print "#include \"sql/migrations.h\"\n\nconst struct migration migrations[] = {"
    file = FILENAME
    sub(/.*\//, "", file)
    print "    {" (substr(file, 1, 4) + 0) ", \"" file "\","
}
{ print "     \"" quote($0) "\\n\"" }
END { print "    },\n    {0, 0, 0},\n};" }
