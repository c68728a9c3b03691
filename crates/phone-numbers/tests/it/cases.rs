//! Numbers as they are met.

use phone_numbers::{Country, Normalised, Reason, is_withheld, normalise};

fn assert_reads(home: Country, cases: &[(&str, &str)]) {
    for (raw, expected) in cases {
        let read = normalise(raw, home);
        assert_eq!(read.e164(), Some(*expected), "{raw:?} in {home:?}: {read:?}");
    }
}

fn assert_unusable(cases: &[(&str, Reason)]) {
    for (raw, reason) in cases {
        assert_eq!(normalise(raw, Country::Germany), Normalised::Unusable(*reason), "{raw:?}");
    }
}

#[test]
fn german_numbers() {
    assert_reads(
        Country::Germany,
        &[
            ("+4940555100", "+4940555100"),
            ("+49 40 555100", "+4940555100"),
            ("+49 (0)40 555100", "+4940555100"),
            ("+49040555100", "+4940555100"),
            ("0049 40 555100", "+4940555100"),
            ("0049 (0) 40 / 555-100", "+4940555100"),
            ("+0049 40 555100", "+4940555100"),
            ("040 555100", "+4940555100"),
            ("040/555100", "+4940555100"),
            ("(040) 555 100", "+4940555100"),
            ("4940555100", "+4940555100"),
            ("49 040 555100", "+4940555100"),
            ("04940555100", "+4940555100"),
            ("049 040 555100", "+4940555100"),
            ("0491701234567", "+491701234567"),
            ("0151 23456789", "+4915123456789"),
            ("4915123456789", "+4915123456789"),
            ("15123456789", "+4915123456789"),
            ("01520000666", "+491520000666"),
            ("+491520000666", "+491520000666"),
            ("0800 3301000", "+498003301000"),
            ("030 12345678", "+493012345678"),
            ("3012345678", "+493012345678"),
            ("0491 925550", "+49491925550"),
            ("04921 123456", "+494921123456"),
        ],
    );
}

#[test]
fn numbers_of_the_neighbours() {
    assert_reads(
        Country::Germany,
        &[
            ("+43 1 5128000", "+4315128000"),
            ("+43 (0)664 1234567", "+436641234567"),
            ("0043 664 1234567", "+436641234567"),
            ("+41 44 668 18 00", "+41446681800"),
            ("+41 (0)79 123 45 67", "+41791234567"),
            ("+33 1 23 45 67 89", "+33123456789"),
            ("+33 (0)6 12 34 56 78", "+33612345678"),
            ("0031 20 123 4567", "+31201234567"),
            ("+32 (0)2 123 45 67", "+3221234567"),
            ("+39 06 12345678", "+390612345678"),
            ("+1 650 253 0000", "+16502530000"),
            ("+44 (0)20 7031 3000", "+442070313000"),
            ("+352 22 12 34 56", "+35222123456"),
        ],
    );
    assert_reads(
        Country::Austria,
        &[
            ("0664 1234567", "+436641234567"),
            ("01 5128000", "+4315128000"),
            ("436641234567", "+436641234567"),
        ],
    );
    assert_reads(
        Country::Switzerland,
        &[
            ("044 668 18 00", "+41446681800"),
            ("079 123 45 67", "+41791234567"),
            ("41791234567", "+41791234567"),
        ],
    );
    assert_reads(Country::France, &[("01 23 45 67 89", "+33123456789"), ("06.12.34.56.78", "+33612345678")]);
    assert_reads(Country::Netherlands, &[("020 123 4567", "+31201234567"), ("06-12345678", "+31612345678")]);
    assert_reads(Country::Belgium, &[("02 512 34 56", "+3225123456"), ("0470 12 34 56", "+32470123456")]);
    assert_reads(Country::Luxembourg, &[("22 12 34 56", "+35222123456"), ("0049 40 555100", "+4940555100")]);
    assert_reads(Country::Liechtenstein, &[("234 56 78", "+4232345678"), ("+423 234 56 78", "+4232345678")]);
}

#[test]
fn a_number_in_no_plan_at_home_may_be_in_a_neighbours() {
    // No Swiss area code begins with 0151; in Germany it is a mobile line.
    assert_reads(Country::Switzerland, &[("0151 23456789", "+4915123456789")]);
}

#[test]
fn addresses_of_telephone_exchanges() {
    assert_reads(
        Country::Germany,
        &[
            ("sip:+4940555100@sbc.example.com", "+4940555100"),
            ("SIP:+4940555100@sbc.example.com:5060;transport=tls;user=phone", "+4940555100"),
            ("sips:%2B4940555100@[2001:db8::1]", "+4940555100"),
            ("sip:040555100@10.0.0.1", "+4940555100"),
            ("sip:+4940555100;npdi=yes:secret@host", "+4940555100"),
            ("sip:+4940555100", "+4940555100"),
            ("\"Anna, Büro\" <sip:+4940555100@sbc.example.com>;tag=1", "+4940555100"),
            ("<tel:+49-40-555100>", "+4940555100"),
            ("tel:+49-40-555100;ext=12", "+4940555100"),
            (
                "sip:+4940555100@a-very-long-name-of-a-host-in-some-cluster.region.provider.example.com",
                "+4940555100",
            ),
        ],
    );
    for raw in [
        "sip:anonymous@anonymous.invalid",
        "\"Anonymous\" <sip:Anonymous@anonymous.invalid>",
        "sip:@host",
        "tel:",
    ] {
        assert_eq!(normalise(raw, Country::Germany), Normalised::Withheld, "{raw:?}");
    }
    assert_unusable(&[
        ("sip:192.168.100.200", Reason::NotANumber),
        ("sip:reception@10.0.0.1", Reason::NotANumber),
        ("tel:555100;phone-context=+4940", Reason::NotANumber),
        ("4940555100@example.com", Reason::NotANumber),
        ("http://4940555100", Reason::NotANumber),
    ]);
}

#[test]
fn withheld_numbers() {
    for raw in [
        "",
        "   ",
        "\t\n",
        "anonymous",
        "ANONYMOUS",
        " Anonymous ",
        "unknown",
        "Blocked",
        "PRIVATE",
        "withheld",
        "unavailable",
        "Restricted",
        "anonymous_1700000000_0a1b2c3d",
        "Anonymous_x",
        "00000000",
        "000000001234",
        "0",
        "000",
        "+",
        "+0",
        "null",
        "Unterdrückt",
        "UNTERDRÜCKT",
        "\"anonymous\"",
        "<unknown>",
        "+266696687",
        "+7378742833",
        "+2562533",
        "00266696687",
        "+86282452253",
    ] {
        assert_eq!(normalise(raw, Country::Germany), Normalised::Withheld, "{raw:?}");
    }
    assert!(is_withheld("Anonymous"));
    assert!(is_withheld(""));
    assert!(!is_withheld("+4940555100"));
    assert!(!is_withheld("anonymously"));
    assert!(!is_withheld("garbage"));
    assert!(!is_withheld("040 00000000"));
}

#[test]
fn what_is_no_number() {
    assert_unusable(&[
        ("hello", Reason::NotANumber),
        ("040-CALL-NOW", Reason::NotANumber),
        ("📞 040 555100", Reason::NotANumber),
        ("👩🏽‍🚀", Reason::NotANumber),
        ("040\u{0}555100", Reason::NotANumber),
        ("\0", Reason::NotANumber),
        ("040+555100", Reason::NotANumber),
        ("++4940555100", Reason::NotANumber),
        ("040 555100 # 12", Reason::NotANumber),
        ("-/-", Reason::NotANumber),
        ("٠٤٠٥٥٥١٠٠", Reason::NotANumber),
        ("+49\u{301}40555100", Reason::NotANumber),
        ("110", Reason::TooFewDigits),
        ("+49110", Reason::TooFewDigits),
        ("0123", Reason::TooFewDigits),
        ("1234567", Reason::TooFewDigits),
        ("40555100", Reason::NoPrefix),
        ("555100123", Reason::NoPrefix),
        ("+1234567890123456", Reason::TooManyDigits),
        ("0401234567890123456", Reason::TooManyDigits),
        ("+49 00 40 555100", Reason::Implausible),
        ("+0 40 555100", Reason::Implausible),
        ("0004940555100", Reason::Implausible),
    ]);
    assert_unusable(&[(&"4".repeat(65), Reason::TooLong), (&"x".repeat(100_000), Reason::TooLong)]);
    assert_unusable(&[(&format!("sip:{}@host", "4".repeat(65)), Reason::TooLong)]);
    // Blanks around a number do not count, and those between count as characters.
    assert_reads(Country::Germany, &[(&format!("{0}040 555100{0}", " ".repeat(500)), "+4940555100")]);
    assert_unusable(&[(&format!("040{}555100", " ".repeat(60)), Reason::TooLong)]);
}

#[test]
fn copied_numbers_carry_marks_that_cannot_be_seen() {
    assert_reads(
        Country::Germany,
        &[
            ("\u{202a}+49 40 555100\u{202c}", "+4940555100"),
            ("+49\u{a0}40\u{202f}555\u{2011}100", "+4940555100"),
            ("\u{feff}040 555100", "+4940555100"),
            ("＋４９ ４０ ５５５１００", "+4940555100"),
        ],
    );
}

#[test]
fn a_number_does_not_show_in_debug_output() {
    let shown = format!("{:?}", normalise("+4940555100", Country::Germany));
    assert!(!shown.contains("4055"), "{shown}");
}
