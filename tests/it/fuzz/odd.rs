//! Values that nobody means, and that somebody sends.

use serde_json::{Value, json};

/// Texts, for fields of forms too.
pub fn texts() -> Vec<String> {
    let texts = [
        "",
        " ",
        "0",
        "-1",
        "01",
        "12",
        "+1",
        "1.0",
        "7.5",
        "1e3",
        "2147483648",
        "9223372036854775808",
        "true",
        "null",
        "2021-02-30",
        "2021-7-6",
        "2021-07-26",
        "9999-12-31",
        "0000-01-01",
        "-2021-07-26",
        "2021-07-26T09:00:00",
        "2021-07-26T09:00:00Z",
        "9999-12-31T23:59:59Z",
        "24:00",
        "25:61",
        "a\0b",
        "\0",
        "a\u{7}b",
        "a\nb",
        "\u{202e}abc",
        "e\u{301}\u{200b}\u{feff}",
        "김민지",
        "<script>alert(1)</script>",
        "' or 1=1 --",
        "%00%ff",
        "../../etc/passwd",
        "00000000-0000-0000-0000-000000000000",
        "01909f7e-8a5c-7cc0-b1de-9b7f2f5f5f01",
        "010-1234-5678",
        "+82 10 1234 5678",
        "Asia/Nowhere",
    ];
    let long = ["9".repeat(30), "🏥".repeat(60), "x".repeat(10_001)];
    texts.map(str::to_owned).into_iter().chain(long).collect()
}

/// Values of every kind.
pub fn values() -> Vec<Value> {
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!(32_768),
        json!(2_147_483_648_u64),
        json!(-2_147_483_649_i64),
        json!(9_223_372_036_854_775_807_i64),
        json!(9_223_372_036_854_775_808_u64),
        json!(1e300),
        json!([]),
        json!([null]),
        json!([{}]),
        json!({}),
        json!({ "x": 1 }),
        json!([1, 1]),
        json!(vec![1; 2_000]),
    ];
    others.into_iter().chain(texts().into_iter().map(Value::from)).collect()
}

/// Bodies that are not what they say.
pub fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let json = "application/json";
    let deep = [b"[".repeat(20_000), b"]".repeat(20_000)].concat();
    vec![
        (json, Vec::new()),
        (json, b"{".to_vec()),
        (json, b"null".to_vec()),
        (json, b"[]".to_vec()),
        (json, b"\"x\"".to_vec()),
        (json, b"\xef\xbb\xbf{}".to_vec()),
        (json, b"{\"\xff\": 1}".to_vec()),
        (json, b"{\"a\\u0000b\": 1}".to_vec()),
        (json, b"{\"a\": 1e99999}".to_vec()),
        (json, deep),
        (json, b"{} {}".to_vec()),
        ("application/json; charset=utf-16", b"{}".to_vec()),
        ("text/plain", b"{}".to_vec()),
        ("application/xml", b"<x/>".to_vec()),
        ("application/x-www-form-urlencoded", b"a=1".to_vec()),
        ("not a media type", b"{}".to_vec()),
    ]
}

/// Headers that do not say what they should.
pub fn headers() -> Vec<(&'static str, String)> {
    let headers = [
        ("accept", "image/png"),
        ("accept", ";;;"),
        ("accept-language", "x-klingon;q=2, *;q=a"),
        ("accept-encoding", "gzip;q=1.0.0, br;Q=0"),
        ("content-encoding", "gzip"),
        ("idempotency-key", "x"),
        ("idempotency-key", "a\tb"),
        ("if-match", "*, \"x\""),
        ("if-match", "x"),
        ("if-none-match", "W/\"x\", x"),
        ("range", "bytes=0-0"),
        ("x-request-id", "../x"),
        ("x-forwarded-for", "999.1.1.1, ::1"),
        ("cookie", "__Host-staff=x; __Host-citizen=\"; =;"),
        ("expect", "200-maybe"),
    ];
    let long = [("idempotency-key", "k".repeat(3_000)), ("if-match", "\"e\"".repeat(2_000))];
    headers.map(|(name, value)| (name, value.to_owned())).into_iter().chain(long).collect()
}
