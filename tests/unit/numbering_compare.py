#!/usr/bin/python3
"""host/numbering against the library whose data it has: thousands of numbers made of the library's own examples must get
the same verdict, country, kind and form from both. Usage: numbering_compare.py PROGRAM (numbering_tell)."""
import random
import subprocess
import sys

import phonenumbers as lib
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS

VALID, NOT_A_NUMBER, UNKNOWN_COUNTRY, TOO_SHORT, TOO_LONG, WRONG_LENGTH, UNASSIGNED = range(7)
ERRORS = {
    lib.NumberParseException.NOT_A_NUMBER: NOT_A_NUMBER,
    lib.NumberParseException.INVALID_COUNTRY_CODE: UNKNOWN_COUNTRY,
    lib.NumberParseException.TOO_SHORT_AFTER_IDD: TOO_SHORT,
    lib.NumberParseException.TOO_SHORT_NSN: TOO_SHORT,
    lib.NumberParseException.TOO_LONG: TOO_LONG,
}
REASONS = {
    lib.ValidationResult.IS_POSSIBLE: UNASSIGNED,
    lib.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TOO_SHORT,
    lib.ValidationResult.TOO_SHORT: TOO_SHORT,
    lib.ValidationResult.TOO_LONG: TOO_LONG,
    lib.ValidationResult.INVALID_LENGTH: WRONG_LENGTH,
}
T = lib.PhoneNumberType
KINDS = [T.UNKNOWN, T.FIXED_LINE, T.MOBILE, T.FIXED_LINE_OR_MOBILE, T.TOLL_FREE, T.PREMIUM_RATE, T.SHARED_COST, T.VOIP,
         T.PERSONAL_NUMBER, T.PAGER, T.UAN, T.VOICEMAIL]


def country(number):
    region = lib.region_code_for_number(number)
    return "" if region in (None, "001") else region


def expected(region, text):
    try:
        number = lib.parse(text, None if region == "-" else region)
    except lib.NumberParseException as error:
        return (ERRORS[error.error_type],)
    e164 = lib.format_number(number, lib.PhoneNumberFormat.E164)
    national = lib.format_number(number, lib.PhoneNumberFormat.NATIONAL)
    head = (number.country_code, e164, national)
    if lib.is_valid_number(number):
        return (VALID, *head, country(number), KINDS.index(lib.number_type(number)))
    return (REASONS[lib.is_possible_number_with_reason(number)], *head)


def told(line):
    fault, code, e164, national, where, kind, shown = line.split("|")
    fault = int(fault)
    if fault == VALID:
        assert shown == where, line
        return (fault, int(code), e164, national, where, int(kind))
    return (fault, int(code), e164, national) if e164 else (fault,)


def examples():
    for code, regions in REGIONS.items():
        for region in regions:
            for kind in range(0, 11):
                number = lib.example_number_for_type(region, kind) if region != "001" else None
                if number is not None:
                    yield region, number
        if regions == ("001",):
            number = lib.example_number_for_non_geo_entity(code)
            if number is not None:
                yield "-", number


def variants(rng, region, number):
    """What people make of one number, right and wrong."""
    e164 = lib.format_number(number, lib.PhoneNumberFormat.E164)
    nsn = lib.national_significant_number(number)
    home = lib.PhoneMetadata.metadata_for_region(region) if region != "-" else None
    yield region, e164
    yield "-", e164
    yield "US", e164
    yield region, e164[1:]
    yield region, nsn
    yield "-", nsn
    yield region, "".join(c if c in "0123456789+ -.()/" else " " for c in lib.format_number(number, lib.PhoneNumberFormat.NATIONAL))
    yield region, lib.format_number(number, lib.PhoneNumberFormat.INTERNATIONAL)
    yield "CH", "00" + e164[1:]
    yield "US", "011" + e164[1:]
    yield "CH", "+00" + e164[1:]
    yield "-", e164[:-1]
    yield "-", e164[:-2]
    yield "-", e164 + "5"
    yield "-", e164 + "55"
    if home is not None and home.national_prefix:
        yield region, home.national_prefix + nsn
        yield region, f"+{number.country_code}{home.national_prefix}{nsn}"
        yield region, f"{number.country_code}{home.national_prefix}{nsn}"
    for _ in range(6):
        digits = list(nsn)
        for _ in range(rng.randint(1, 4)):
            digits[rng.randrange(len(digits))] = rng.choice("0123456789")
        yield region, f"+{number.country_code}{''.join(digits)}"
        yield region, "".join(digits)
        yield region, "0" + "".join(digits)


def inputs():
    rng = random.Random(41)
    regions = sorted(region for group in REGIONS.values() for region in group if region != "001")
    for region, number in examples():
        yield from variants(rng, region, number)
    for _ in range(30000):
        text = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 19)))
        yield rng.choice(regions + ["-"]), rng.choice(["", "+", "+", "00", "0"]) + text
    for text in ("", "+", "abc", "+1x", "++41446681800", "0", "00", "000", "+0", "(0)"):
        yield "CH", text


def main(program):
    asked = list(inputs())
    text = "".join(f"{region} {number}\n" for region, number in asked)
    answer = subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answer) == len(asked)
    wrong = 0
    for (region, number), line in zip(asked, answer):
        want, got = expected(region, number), told(line)
        if want[0] != got[0] or (want != got and len(want) == len(got)):
            wrong += 1
            if wrong <= 40:
                print(f"{region} {number}: library {want}, here {got}")
    print(f"{len(asked)} numbers, {wrong} differ")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1]))
