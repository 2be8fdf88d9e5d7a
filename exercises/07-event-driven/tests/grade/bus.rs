//! Os testes do passo `bus`: o coringa, a faixa de IP, as combinações, as regras, o casamento e as recusas com linha e coluna.

use event_driven::bus::{BusRule, accepts, combinations, compile, contains, fits, matches, route, wildcard};
use event_driven::envelope::Event;
use event_driven::json::Position;
use event_driven::pattern::{Child, Cidr, Pattern, Piece, Rule, WildcardError};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;

/// Os pedaços de um coringa, com `⋯` no lugar de cada `Any`.
fn shown(pieces: &[Piece]) -> String {
    let letter = |piece: &Piece| match piece {
        Piece::Any => '⋯',
        Piece::Character(character) => *character,
    };
    pieces.iter().map(letter).collect()
}

/// O padrão compilado, que a AWS aceita.
#[track_caller]
fn compiled(text: &str) -> Pattern {
    match compile(text) {
        Ok(pattern) => pattern,
        Err(error) => panic!("a AWS aceita o padrão `{text}`; com o seu código ele foi recusado: `{error}`"),
    }
}

/// A única regra do padrão `{"x": [element]}`.
#[track_caller]
fn rule(element: &Value) -> Rule {
    let pattern = compiled(&json!({ "x": [element] }).to_string());
    match pattern.fields.as_slice() {
        [(_, Child::Rules(rules))] => rules[0].clone(),
        other => panic!("o padrão de {element} tem um campo só; veio {other:?}"),
    }
}

/// Um padrão com um `$or` de tantas alternativas em cada um dos campos.
fn with_ors(sizes: &[usize]) -> String {
    let or = |size: &usize| Value::Array((0..*size).map(|number| json!({ "n": [number] })).collect());
    let field = |(index, size): (usize, &usize)| (format!("f{index}"), json!({ "$or": or(size) }));
    Value::Object(sizes.iter().enumerate().map(field).collect()).to_string()
}

/// Um padrão aceito, um recusado, a razão, e a linha e a coluna.
type Refusal = (&'static str, &'static str, &'static str, Option<(usize, usize)>);

fn detail() -> Value {
    json!({
        "station": "ponte-velha", "river": "Prata", "level": 5.4, "battery": 300, "note": null, "empty": "",
        "file": "/raw/2026/ponte-velha.csv", "address": "10.2.7.33", "tags": ["teste", "serra"], "codes": [],
        "sensors": [{ "kind": "rain", "ok": true }, { "kind": "wind", "ok": false }],
        "position": { "lat": -28.5, "place": { "name": "Vale" } }
    })
}

fn event() -> Value {
    Event::new("6f6d1bb2", "weather.stations", "Reading Received", detail())
        .about("arn:aws:sns:sa-east-1:123456789012:levels")
        .to_json()
}

/// `*` é qualquer sequência; `\*` e `\\` são os próprios caracteres.
#[rstest]
#[case::stars(&[("", ""), ("ponte", "ponte"), ("/raw/*/ponte-*", "/raw/⋯/ponte-⋯")])]
#[case::escapes(&[(r"5\*", "5*"), (r"c:\\*", r"c:\⋯"), (r"\**", "*⋯"), (r"*\*", "⋯*")])]
fn a_wildcard_is_read(#[case] expected: &[(&str, &str)]) {
    for (text, expected) in expected {
        let got = wildcard(text).map(|pieces| shown(&pieces));
        let same = got.as_deref() == Ok(*expected);
        assert!(same, "`{text}` são os pedaços `{expected}` (⋯ é `Any`); a sua função leu {got:?}");
    }
}

/// Dois `*` seguidos e outras escapadas são recusados, com o índice em bytes.
#[rstest]
#[case::consecutive(&[("rio-**-nivel", WildcardError::Consecutive(4)), ("***", WildcardError::Consecutive(0))])]
#[case::another_escape(&[
    (r"raw\n", WildcardError::InvalidEscape(3)),
    (r"raw\", WildcardError::InvalidEscape(3)),
    (r"são\x", WildcardError::InvalidEscape(4)),
])]
#[case::the_first_one(&[(r"a\b**", WildcardError::InvalidEscape(1)), (r"a**\b", WildcardError::Consecutive(1))])]
fn a_bad_wildcard_is_refused(#[case] expected: &[(&str, WildcardError)]) {
    for (text, expected) in expected {
        let got = wildcard(text).map(|pieces| shown(&pieces));
        expect_same!(got, Err(*expected), "`{text}` é recusado com {expected:?}; a sua função devolveu {got:?}");
    }
}

/// O texto inteiro tem de caber, e um `*` pode valer nada.
#[rstest]
#[case::ends("/raw/*.csv", &[("/raw/2026/a.csv", true), ("/raw/.csv", true), ("/raw/a.csv.gz", false), ("x/raw/a.csv", false)])]
#[case::comes_back("*ab*b", &[("aab-ab", true), ("abab", true), ("ab", false), ("xaab", false), ("abc", false)])]
#[case::repeated("/u/*/dir/dir/doc", &[("/u/dir/dir/dir/doc", true), ("/u/x/dir/other/doc", false)])]
#[case::literals(r"5\*", &[("5*", true), ("55", false), (r"5\*", false)])]
#[case::everything("*", &[("", true), ("são", true)])]
#[case::case_matters("Ponte-*", &[("Ponte-velha", true), ("ponte-velha", false)])]
fn a_text_fits_a_wildcard(#[case] text: &str, #[case] expected: &[(&str, bool)]) {
    let pieces =
        wildcard(text).unwrap_or_else(|error| panic!("`{text}` é aceito; a sua `wildcard` devolveu {error:?}"));
    for (candidate, expected) in expected {
        let verb = if *expected { "cabe" } else { "não cabe" };
        let got = fits(&pieces, candidate);
        expect_same!(got, *expected, "`{candidate}` {verb} em `{text}`; a sua função diz o contrário");
    }
}

/// A faixa são os primeiros bits do endereço, da mesma família.
#[rstest]
#[case::bytes("10.2.7.0/24", &[("10.2.7.255", true), ("10.2.8.0", false), ("110.2.7.1", false), (" 10.2.7.1", false)])]
#[case::bits("10.2.7.33/22", &[("10.2.4.1", true), ("10.2.7.255", true), ("10.2.8.0", false), ("10.2.3.255", false)])]
#[case::last_bit("10.2.7.32/31", &[("10.2.7.33", true), ("10.2.7.34", false), ("10.2.7.31", false)])]
#[case::everything("0.0.0.0/0", &[("255.255.255.255", true), ("::1", false)])]
#[case::version_6("2001:db8:1234:1a00::/64", &[("2001:0db8:1234:1a00::7", true), ("2001:db8:1234:1a01::7", false)])]
#[case::bits_of_version_6("2001:db8::1:70/124", &[("2001:db8::1:7f", true), ("2001:db8::1:80", false)])]
#[case::every_version_6("::/0", &[("2001:db8::1", true), ("10.2.7.33", false), ("ponte-velha", false), ("10.2.7", false)])]
fn an_address_is_in_a_block(#[case] text: &str, #[case] expected: &[(&str, bool)]) {
    let block = Cidr::parse(text).expect("a faixa do teste é boa");
    for (address, expected) in expected {
        let verb = if *expected { "é" } else { "não é" };
        let got = contains(&block, address);
        expect_same!(got, *expected, "`{address}` {verb} da faixa {text}; a sua função diz o contrário");
    }
}

/// As combinações multiplicam os `$or` lado a lado; o `$or` de um ramo conta só naquele ramo.
#[rstest]
#[case::one_or(&[(r#"{"a":["x","y"],"b":{"c":[1,2,3]}}"#, 1), (r#"{"a":["x"],"$or":[{"b":[1]},{"c":[2]},{"d":[3]}]}"#, 3)])]
#[case::side_by_side(&[
    (r#"{"$or":[{"b":[1]},{"c":[2]},{"d":[3]}],"a":{"$or":[{"e":[1]},{"f":[2]}]}}"#, 6),
    (r#"{"a":{"$or":[{"x":[1]},{"y":[1]}]},"b":{"$or":[{"x":[1]},{"y":[1]}]},"c":{"d":{"$or":[{"x":[1]},{"y":[1]}]}}}"#, 8),
])]
#[case::inside_a_branch(&[(r#"{"$or":[{"a":[1]},{"b":[1],"$or":[{"c":[1]},{"d":[1]}]}]}"#, 3)])]
fn combinations_are_counted(#[case] expected: &[(&str, u64)]) {
    for (text, expected) in expected {
        let got = combinations(&compiled(text));
        expect_same!(got, *expected, "o padrão `{text}` se abre em {expected} combinações; a sua função contou {got}");
    }
}

/// São aceitas até 1.000 combinações.
#[test]
fn one_thousand_combinations_fit() {
    for (sizes, accepted) in [([10, 10, 10], true), ([7, 11, 13], false)] {
        let number: usize = sizes.iter().product();
        let got = compile(&with_ors(&sizes)).map(|pattern| combinations(&pattern));
        let what = if accepted { "é aceito" } else { "é recusado: o máximo é 1.000" };
        expect_same!(got.is_ok(), accepted, "um padrão com {number} combinações {what}; o seu resultado foi {got:?}");
    }
}

/// Uma folha e uma regra.
#[rstest]
#[case::equality(&[
    (json!("granizo"), vec![(json!("granizo"), true), (json!("Granizo"), false), (json!(null), false)]),
    (json!(null), vec![(json!(null), true), (json!("null"), false), (json!(false), false)]),
])]
#[case::numbers(&[
    (json!(300), vec![(json!(300), true), (json!(300.0), true), (json!("300"), false), (json!(301), false)]),
])]
#[case::ignoring_case(&[
    (json!({"equals-ignore-case": "Granizo"}), vec![(json!("GRANIZO"), true), (json!("granizos"), false), (json!(1), false)]),
    (json!({"prefix": {"equals-ignore-case": "PONTE"}}), vec![(json!("ponte-velha"), true), (json!("a-ponte"), false)]),
    (json!({"suffix": {"equals-ignore-case": ".CSV"}}), vec![(json!("a.csv"), true), (json!("a.csv.gz"), false)]),
])]
#[case::wildcard(&[
    (json!({"wildcard": "ponte-*"}), vec![(json!("ponte-nova"), true), (json!("a ponte-nova"), false), (json!(7), false)]),
    (json!({"wildcard": "1*"}), vec![(json!("12"), true), (json!(12), false)]),
])]
#[case::anything_but(&[
    (json!({"anything-but": ["chuva", "vento"]}), vec![(json!("granizo"), true), (json!("vento"), false), (json!(null), true), (json!(7), true)]),
    (json!({"anything-but": [100, 300]}), vec![(json!(300.0), false), (json!(200), true), (json!("300"), true)]),
])]
#[case::anything_but_with_an_operator(&[
    (json!({"anything-but": {"prefix": "teste"}}), vec![(json!("teste-1"), false), (json!("um teste"), true), (json!(null), true)]),
    (json!({"anything-but": {"prefix": "1"}}), vec![(json!("12"), false), (json!(12), true)]),
    (json!({"anything-but": {"suffix": [".csv", ".gz"]}}), vec![(json!("a.gz"), false), (json!("a.csv"), false), (json!("a.txt"), true)]),
    (json!({"anything-but": {"equals-ignore-case": ["Teste"]}}), vec![(json!("TESTE"), false), (json!("testes"), true)]),
    (json!({"anything-but": {"wildcard": "*/lib/*"}}), vec![(json!("/a/lib/b"), false), (json!("/a/libs/b"), true)]),
])]
#[case::numeric(&[
    (json!({"numeric": [">", 5, "<=", 7.5]}), vec![(json!(5), false), (json!(5.4), true), (json!(7.5), true), (json!(7.6), false), (json!("6"), false), (json!(null), false)]),
    (json!({"numeric": ["=", 3.018e2]}), vec![(json!(301.8), true), (json!(301), false)]),
])]
#[case::cidr(&[
    (json!({"cidr": "10.2.0.0/16"}), vec![(json!("10.2.7.33"), true), (json!("10.20.7.33"), false), (json!(10), false)]),
])]
fn a_rule_accepts_a_leaf(#[case] rules: &[(Value, Vec<(Value, bool)>)]) {
    for (element, leaves) in rules {
        let rule = rule(element);
        for (leaf, expected) in leaves {
            let verb = if *expected { "passa" } else { "não passa" };
            let got = accepts(&rule, leaf);
            expect_same!(got, *expected, "a folha {leaf} {verb} em {element}; a sua função diz o contrário");
        }
    }
}

/// O casamento de um padrão com a leitura inteira.
#[rstest]
#[case::fields(&[
    (r#"{"station":["ponte-velha"],"river":["Prata"]}"#, true),
    (r#"{"station":["ponte-velha"],"river":["Verde"]}"#, false),
    (r#"{"position":{"place":{"name":["Vale"]}}}"#, true),
    (r#"{"position":["Vale"]}"#, false),
    (r#"{"station":{"id":["ponte-velha"]}}"#, false),
    (r#"{"river":["Verde",{"prefix":"Pra"}]}"#, true),
    (r#"{"level":[{"numeric":["<",1]},{"numeric":[">",5]}]}"#, true),
    (r#"{"river":["Verde","prata"]}"#, false),
])]
#[case::lists_intersect(&[
    (r#"{"tags":["serra","mar"]}"#, true),
    (r#"{"tags":["mar"]}"#, false),
    (r#"{"tags":[{"anything-but":"teste"}]}"#, true),
    (r#"{"tags":[{"anything-but":["teste","serra"]}]}"#, false),
    (r#"{"codes":[null]}"#, false),
    (r#"{"codes":[{"anything-but":"teste"}]}"#, false),
])]
#[case::objects_in_lists(&[
    (r#"{"sensors":{"kind":["wind"]}}"#, true),
    (r#"{"sensors":{"kind":["wind"],"ok":[false]}}"#, true),
    (r#"{"sensors":{"kind":["wind"],"ok":[true]}}"#, false),
])]
#[case::exists(&[
    (r#"{"level":[{"exists":true}]}"#, true),
    (r#"{"note":[{"exists":true}]}"#, true),
    (r#"{"tags":[{"exists":true}]}"#, true),
    (r#"{"wind":[{"exists":true}]}"#, false),
    (r#"{"wind":[{"exists":false}]}"#, true),
    (r#"{"level":[{"exists":false}]}"#, false),
    (r#"{"wind":{"speed":[{"exists":false}]}}"#, true),
    (r#"{"station":{"id":[{"exists":false}]}}"#, true),
])]
#[case::exists_is_about_leaves(&[
    (r#"{"position":[{"exists":true}]}"#, false),
    (r#"{"position":[{"exists":false}]}"#, true),
    (r#"{"codes":[{"exists":true}]}"#, false),
    (r#"{"codes":[{"exists":false}]}"#, true),
])]
#[case::absent_is_not_null(&[
    (r#"{"note":[null]}"#, true),
    (r#"{"wind":[null]}"#, false),
    (r#"{"empty":[""]}"#, true),
    (r#"{"wind":[""]}"#, false),
    (r#"{"wind":[{"anything-but":"forte"}]}"#, false),
    (r#"{"wind":[{"anything-but":{"prefix":"f"}},{"exists":false}]}"#, true),
])]
#[case::or(&[
    (r#"{"$or":[{"river":["Verde"]},{"level":[{"numeric":[">",5]}]}]}"#, true),
    (r#"{"$or":[{"river":["Verde"]},{"level":[{"numeric":[">",6]}]}]}"#, false),
    (r#"{"$or":[{"river":["Verde"]},{"level":[1]},{"station":["ponte-velha"]}]}"#, true),
    (r#"{"$or":[{"river":["Prata"],"level":[1]},{"river":["Verde"],"level":[5.4]}]}"#, false),
])]
#[case::or_and_its_neighbours(&[
    (r#"{"station":["escola"],"$or":[{"river":["Prata"]},{"river":["Verde"]}]}"#, false),
    (r#"{"$or":[{"river":["Verde"]},{"river":["Azul"]}],"station":["ponte-velha"]}"#, false),
    (r#"{"station":["ponte-velha"],"$or":[{"river":["Prata"]},{"river":["Verde"]}]}"#, true),
])]
#[case::or_inside(&[
    (r#"{"$or":[{"river":["Verde"]},{"level":[5.4],"$or":[{"note":["x"]},{"battery":[300]}]}]}"#, true),
    (r#"{"$or":[{"river":["Verde"]},{"level":[5.4],"$or":[{"note":["x"]},{"battery":[1]}]}]}"#, false),
    (r#"{"position":{"$or":[{"lat":[1]},{"place":{"name":["Vale"]}}]}}"#, true),
    (r#"{"sensors":{"ok":[true],"$or":[{"kind":["wind"]},{"kind":["snow"]}]}}"#, false),
])]
#[case::the_last_of_a_repeated_key(&[
    (r#"{"river":["Verde"],"river":["Prata"]}"#, true),
    (r#"{"river":["Prata"],"river":["Verde"]}"#, false),
])]
fn a_pattern_matches_a_reading(#[case] patterns: &[(&str, bool)]) {
    let reading = detail();
    for (text, expected) in patterns {
        let got = matches(&compiled(text), Some(&reading));
        let verb = if *expected { "casa" } else { "não casa" };
        expect_same!(got, *expected, "`{text}` {verb} com a leitura {reading}; a sua função diz o contrário");
    }
}

/// O padrão se compara com o envelope inteiro.
#[test]
fn the_envelope_is_part_of_the_event() {
    let event = event();
    let patterns = [
        (r#"{"source":[{"prefix":"weather."}],"detail-type":["Reading Received"]}"#, true),
        (r#"{"account":["123456789012"],"region":["sa-east-1"],"version":["0"]}"#, true),
        (r#"{"time":[{"prefix":"2026-11-22"}],"resources":[{"suffix":":levels"}]}"#, true),
        (r#"{"detail":{"river":["Prata"]}}"#, true),
        (r#"{"river":["Prata"]}"#, false),
    ];
    for (text, expected) in patterns {
        let got = matches(&compiled(text), Some(&event));
        let verb = if expected { "casa" } else { "não casa" };
        expect_same!(got, expected, "`{text}` {verb} com o evento {event}; a sua função diz o contrário");
    }
}

/// Cada recusa diz a razão da AWS e onde o leitor dela estava; ao lado, um padrão quase igual que é aceito.
#[rstest]
#[case::shape(&[
    (r#"{"n": [42]}"#, r#"{"int": 42}"#, r#""int" must be an object or an array"#, Some((1, 11))),
    (r#"{"resources": [""]}"#, r#"{"resources": []}"#, "Empty arrays are not allowed", Some((1, 17))),
])]
#[case::operators(&[
    (r#"{"my_key": [{"exists": true}]}"#, r#"{"my_key": [{"EXISTS": true}]}"#, "Unrecognized match type EXISTS", Some((1, 28))),
    (
        r#"{"detail": {"c-count": [{"numeric": [">", 0, "<", 1]}]}}"#,
        r#"{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}"#,
        "Bad numeric range operator: >",
        Some((1, 49)),
    ),
    (
        r#"{"n": [{"numeric": ["<=", 5000000000]}]}"#,
        r#"{"n": [{"numeric": ["<=", 5000000001]}]}"#,
        "Value must be between -5.0E9 and 5.0E9, inclusive",
        Some((1, 38)),
    ),
    (
        r#"{"detail": {"FileName": [{"anything-but": {"prefix": "a"}}]}}"#,
        r#"{"detail": {"FileName": [{"anything-but": {"prefix": ""}}]}}"#,
        "Null prefix/suffix not allowed",
        Some((1, 56)),
    ),
])]
#[case::wildcard(&[
    (
        r#"{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:*:event-bus/*"}]}"#,
        r#"{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}"#,
        "Consecutive wildcard characters at pos 26",
        Some((1, 72)),
    ),
    (
        r#"{"f": [{"anything-but": {"wildcard": ["a\\*"]}}]}"#,
        r#"{"f": [{"anything-but": {"wildcard": ["a\\n"]}}]}"#,
        "Invalid escape character at pos 2",
        Some((1, 46)),
    ),
])]
#[case::or(&[(
    r#"{"$or": [{"a": [1]}, {"b": [1]}]}"#,
    r#"{"$or": [{"a": [1]}]}"#,
    "There must have at least 2 Objects in $or relationship.",
    Some((1, 21)),
)])]
#[case::cidr(&[
    (r#"{"ip": [{"cidr": "10.2.7.33/31"}]}"#, r#"{"ip": [{"cidr": "10.2.7.33/32"}]}"#, "IPv4 mask bits must be < 32", None),
])]
#[case::lines(&[
    ("{\n  \"a\": [\n    1\n  ]\n}", "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}", "Empty objects are not allowed", Some((5, 10))),
])]
fn a_refusal_says_where(#[case] pairs: &[Refusal]) {
    for (good, bad, reason, position) in pairs {
        compiled(good);
        let position = position.map(|(line, column)| Position { line, column });
        match compile(bad) {
            Ok(pattern) => panic!("a AWS recusa `{bad}`: {reason}; com o seu código ele virou {pattern:?}"),
            Err(error) => expect_same!(
                (error.reason.as_str(), error.at),
                (*reason, position),
                "`{bad}` é recusado com `{reason}` em {position:?}; com o seu código a resposta foi `{error}`"
            ),
        }
    }
}

/// O exemplo da página: três regras e quatro eventos.
#[test]
fn the_example_of_the_page() {
    let rule = |name, pattern| BusRule::new(name, pattern).expect("o padrão do exemplo é aceito");
    let rules = [
        rule(
            "defesa-civil",
            r#"{"detail": {"$or": [{"river": ["Prata"], "level": [{"numeric": [">=", 5]}]}, {"tags": ["granizo"]}]}}"#,
        ),
        rule(
            "cooperativa",
            r#"{"detail": {"tags": ["granizo"], "station": [{"anything-but": {"prefix": "teste-"}}]}}"#,
        ),
        rule("painel", r#"{"source": ["weather.stations"], "detail": {"level": [{"exists": true}]}}"#),
    ];
    let details = [
        json!({ "station": "ponte-velha", "river": "Prata", "level": 5 }),
        json!({ "station": "teste-3", "tags": ["granizo"] }),
        json!({ "station": "escola", "tags": ["granizo", "vento"], "level": 2.5 }),
        json!({ "station": "ponte-velha", "river": "Verde", "level": { "m": 7 } }),
    ];
    let expected: [&[&str]; 4] =
        [&["defesa-civil", "painel"], &["defesa-civil"], &["defesa-civil", "cooperativa", "painel"], &[]];
    for (detail, expected) in details.into_iter().zip(expected) {
        let event = Event::new("1", "weather.stations", "Reading Received", detail).to_json();
        let got = route(&rules, &event);
        expect_same!(got, expected, "o evento {event} vai a {expected:?}; com o seu código ele foi a {got:?}");
    }
}
