//! Arbitrary messages and their parts, for property tests.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::{Fields, Payload};

/// The configuration of a property that is tried `cases` times, with the same cases in every run. The environment overrides both: proptest's
/// own `PROPTEST_CASES` and `PROPTEST_RNG_SEED`.
pub fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0xba_c4_a7_a0);
    }
    config
}

/// A text: plain, or of the characters that encoders and decoders get wrong.
pub fn text() -> impl Strategy<Value = String> {
    let plain = proptest::char::range(' ', '~');
    let special = select(
        "\"\\/'\u{8}\u{c}\n\r\t\0\u{1}\u{1f}\u{7f}"
            .chars()
            .collect::<Vec<_>>(),
    );
    let edges = "\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{feff}\u{fffd}\u{ffff}\u{10000}\u{10ffff}";
    let edge = select(edges.chars().collect::<Vec<_>>());
    let mark = select(
        "\u{301}\u{2028}\u{2029}\u{200d}\u{e9}\u{1f600}"
            .chars()
            .collect::<Vec<_>>(),
    );
    let mixed = prop_oneof![plain, special, edge, mark, any::<char>()];
    prop_oneof![
        4 => "[a-z0-9-]{0,40}",
        // More than is looked at in one step.
        1 => "[a-z0-9-]{41,160}",
        6 => vec(mixed, 0..24).prop_map(|characters| characters.into_iter().collect()),
    ]
}

/// A JSON value in normal form.
pub fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false", "0", "-0", "\"\""]).prop_map(str::to_owned),
        any::<i64>().prop_map(|integer| integer.to_string()),
        "-?(0|[1-9][0-9]{0,5})([.][0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        quoted(),
    ];
    leaf.prop_recursive(5, 24, 5, |value| {
        prop_oneof![vec(value.clone(), 0..5).prop_map(array), object_of(value)]
    })
}

/// A JSON object in normal form.
pub fn object() -> impl Strategy<Value = String> {
    object_of(value())
}

fn array(values: Vec<String>) -> String {
    format!("[{}]", values.join(","))
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (quoted(), value).prop_map(|(name, value)| format!("{name}:{value}"));
    vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")))
}

fn quoted() -> impl Strategy<Value = String> {
    text().prop_map(|text| serde_json::to_string(&text).expect("a string is written"))
}

/// A message of either kind.
pub fn fields() -> impl Strategy<Value = Fields> {
    prop_oneof![2 => data_message(), 1 => transport_message()]
}

fn data_message() -> impl Strategy<Value = Fields> {
    let time = prop_oneof![
        any::<i64>(),
        -1000..1000_i64,
        select(vec![i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]),
    ];
    let data = prop_oneof![
        text().prop_map(Payload::Text),
        object().prop_map(Payload::Object),
    ];
    let parts = (
        text(),
        text(),
        time,
        data,
        some_text(),
        some_text(),
        some_text(),
    );
    parts.prop_map(|(id, kind, time, data, from, dest, sign)| Fields::Data {
        id,
        kind,
        time,
        data,
        from,
        dest,
        sign,
    })
}

fn transport_message() -> impl Strategy<Value = Fields> {
    let kind = prop_oneof![
        select(vec![100, 200, 300, 1000, 1001, 1002, 0, u32::MAX]),
        any::<u32>(),
    ];
    let parts = (kind, option::of(text()), some_text());
    parts.prop_map(|(kind, data, sign)| Fields::Transport {
        kind,
        data: data.or_else(|| [100, 200, 300].contains(&kind).then(String::new)),
        sign,
    })
}

/// A text that may be none, which the empty one is (`P-9`).
fn some_text() -> impl Strategy<Value = Option<String>> {
    option::of(text()).prop_map(|text| text.filter(|text| !text.is_empty()))
}
