#!/usr/bin/python3
"""Makes plans.c: the numbering plans of the world as const C tables, from the metadata of the distribution's package
python3-phonenumbers (libphonenumber's, as Python data). Run by the build; nothing of Python is left at run time.

A pattern becomes a small program over digits (pattern.h): sets, forward branches, group marks. What the plans' patterns
do not use today (repetition without an end, looking ahead, letters) is refused here, so that a newer package that
needs more stops the build instead of telling wrong."""
import re
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
import sre_constants  # noqa: E402  (the parser behind re)
import sre_parse  # noqa: E402

from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS  # noqa: E402
from phonenumbers.phonemetadata import PhoneMetadata  # noqa: E402

MATCH, SET, SPLIT, JUMP, SAVE, END = range(6)
OPERAND_BITS = 13
GROUPS_MAX = 9
KINDS = ["premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line", "mobile"]


def word(operation, operand=0):
    assert 0 <= operand < 1 << OPERAND_BITS, "a pattern is too long for the operand"
    return operation << OPERAND_BITS | operand


def digits(items):
    """Bit n set: the digit n is one of them."""
    mask = 0
    for operation, operand in items:
        if operation == sre_constants.LITERAL:
            mask |= 1 << int(chr(operand))
        elif operation == sre_constants.RANGE:
            for c in range(operand[0], operand[1] + 1):
                mask |= 1 << int(chr(c))
        elif operation == sre_constants.CATEGORY and operand == sre_constants.CATEGORY_DIGIT:
            mask |= 0x3FF
        else:
            raise ValueError(f"{operation} in a set")
    return mask


def optional(body):
    return [word(SPLIT, len(body) + 1)] + body


def branch(alternatives):
    code = alternatives[-1]
    for body in reversed(alternatives[:-1]):
        code = [word(SPLIT, len(body) + 2)] + body + [word(JUMP, len(code) + 1)] + code
    return code


def repeat(least, most, body):
    if most == sre_constants.MAXREPEAT:
        raise ValueError("repetition without an end")
    code = []
    for _ in range(most - least):
        code = optional(body + code)
    return body * least + code


def program(items):
    code = []
    for operation, operand in items:
        if operation == sre_constants.LITERAL:
            code.append(word(SET, digits([(operation, operand)])))
        elif operation == sre_constants.IN:
            code.append(word(SET, digits(operand)))
        elif operation == sre_constants.BRANCH:
            code += branch([program(item) for item in operand[1]])
        elif operation == sre_constants.MAX_REPEAT:
            code += repeat(operand[0], operand[1], program(operand[2]))
        elif operation == sre_constants.SUBPATTERN:
            group, body = operand[0], program(operand[3])
            if group is not None:
                assert group <= GROUPS_MAX
                body = [word(SAVE, 2 * group)] + body + [word(SAVE, 2 * group + 1)]
            code += body
        elif operation == sre_constants.AT and operand == sre_constants.AT_END:
            code.append(word(END))
        else:
            raise ValueError(f"{operation} in a pattern")
    return code


class Pool:
    """All programs behind each other; each once. Place 0 is nobody's: it stands for no pattern."""

    def __init__(self):
        self.code = [word(MATCH)]
        self.places = {}

    def place(self, pattern):
        if not pattern:
            return 0
        if pattern not in self.places:
            self.places[pattern] = len(self.code)
            self.code += program(sre_parse.parse(pattern)) + [word(MATCH)]
        return self.places[pattern]


def lengths(values):
    return sum(1 << n for n in values if n > 0)


def desc(pool, d):
    return f"{{{pool.place(d.national_number_pattern)}, {lengths(d.possible_length):#x}}}" if d else "{0, 0}"


def template(text):
    return '"' + re.sub(r"\\(\d)", r"$\1", text).replace('"', '\\"') + '"'


def national(form):
    """The form with its national prefix, as people of the country write it."""
    rule = form.national_prefix_formatting_rule
    return template(re.sub(r"(\\\d)", rule, form.format, count=1) if rule else form.format)


def metadata(code, region):
    if region == "001":
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)


def plan(pool, forms, code, region):
    m = metadata(code, region)
    first = len(forms)
    for form in m.number_format:
        leading = form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""
        forms.append(f"{{{pool.place(form.pattern)}, {pool.place(leading)}, {national(form)}}}")
    prefix = m.national_prefix_for_parsing
    kinds = ", ".join(desc(pool, getattr(m, kind)) for kind in KINDS)
    return (f'{{"{"" if region == "001" else region}", {code}, {str(bool(m.same_mobile_and_fixed_line_pattern)).lower()}, '
            f"{pool.place(m.international_prefix)}, {pool.place(prefix)}, {re.compile(prefix or '').groups}, "
            f"{template(m.national_prefix_transform_rule or '')}, {pool.place(m.leading_digits)}, "
            f"{lengths(m.general_desc.possible_length):#x}, {lengths(m.general_desc.possible_length_local_only):#x}, "
            f"{pool.place(m.general_desc.national_number_pattern)}, {{{kinds}}}, {first}, {len(forms) - first}}}")


def table(out, head, rows):
    print(head + " = {", file=out)
    for row in rows:
        print(f"    {row},", file=out)
    print("};\n", file=out)


def main(path):
    pool, forms, plans, codes = Pool(), [], [], []
    for code in sorted(REGIONS):
        codes.append(f"{{{code}, {len(plans)}, {len(REGIONS[code])}}}")
        plans += [plan(pool, forms, code, region) for region in REGIONS[code]]
    with open(path, "w", encoding="ascii") as out:
        print('/* Made by host/numbering/plans.py. */\n#include "host/numbering/plans.h"\n', file=out)
        code = [", ".join(map(str, pool.code[i:i + 16])) for i in range(0, len(pool.code), 16)]
        table(out, "const uint16_t plan_code[]", code)
        table(out, "const struct plan_form plan_forms[]", forms)
        table(out, "const struct plan plans[]", plans)
        table(out, "const struct plan_calling plan_callings[]", codes)
        print(f"const size_t plan_count = {len(plans)}, plan_calling_count = {len(codes)};", file=out)


main(sys.argv[1])
