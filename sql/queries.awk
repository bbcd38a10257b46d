# Makes queries.h or queries.c (-v out=h|c) from sql/queries/*.sql. A statement begins after a line
# "-- name: some_name" and runs to the next one; it becomes Q_SOME_NAME in enum query.
BEGIN { count = 0 }
function quote(text) {
    gsub(/\\/, "&&", text)
    gsub(/"/, "\\\"", text)
    gsub(/\n/, "\\n\"\n    \"", text)
    return "\"" text "\""
}
function flush_statement() {
    if (name == "")
        return
    sub(/[ \n]+$/, "", body)
    if (body == "" || name in seen) {
        print FILENAME ": " name (body == "" ? " is empty" : " stands twice") > "/dev/stderr"
        exit 1
    }
    seen[name] = 1
    names[count] = name
    bodies[count++] = body
}
/^-- name: / {
    flush_statement()
    name = $3
    body = ""
    next
}
/^--/ || name == "" { next }
{ body = body (body == "" ? "" : "\n") $0 }
END {
    flush_statement()
    if (out == "h") {
        print "/* Made from sql/queries by sql/queries.awk. */"
        print "#ifndef CELLPOST_SQL_QUERIES_H\n#define CELLPOST_SQL_QUERIES_H\n\nenum query {"
        for (i = 0; i < count; i++)
            print "    Q_" toupper(names[i]) ","
        print "    Q_COUNT\n};\n"
        print "extern const char *const query_texts[Q_COUNT];\nextern const char *const query_names[Q_COUNT];\n\n#endif"
    } else {
        print "#include \"sql/queries.h\"\n\nconst char *const query_texts[Q_COUNT] = {"
        for (i = 0; i < count; i++)
            print "    [Q_" toupper(names[i]) "] = " quote(bodies[i]) ","
        print "};\n\nconst char *const query_names[Q_COUNT] = {"
        for (i = 0; i < count; i++)
            print "    [Q_" toupper(names[i]) "] = \"" names[i] "\","
        print "};"
    }
}
