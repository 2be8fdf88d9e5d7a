//! A assinatura SigV4: a forma canônica, o texto e a chave, e o que o IAM decide depois de conferi-la.

use gateway::authorizers::{IamUser, canonical_request, signing_key, string_to_sign};
use gateway::model::{Method, Request};
use gateway::sigv4::{Scope, hex, hmac_sha256};
use rstest::rstest;
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::support::authorizers::*;
use crate::support::expect_same;

const INVALID: &str = "INVALID_SIGNATURE";
const MISMATCH: &str =
    "INVALID_SIGNATURE: The request signature we calculated does not match the signature you provided.";

/// O SHA-256 de `granizo`.
const GRANIZO: &str = "c9f383568c8e29aaae04764340d56adc8c25b88c9bcec63c742f2c00ceb8323c";
/// O SHA-256 dos bytes FF FE 00 80, que não são UTF-8.
const BYTES: &str = "5a741968f40e57485ed6e1a1af381adeb2714223c35acedf1ad0670e42df2eb5";

fn canonical(request: &Request, signed_headers: &[&str]) -> String {
    let names: Vec<_> = signed_headers.iter().map(|name| (*name).to_owned()).collect();
    canonical_request(request, "prod", &names)
}

/// A forma canônica tem seis partes, e só os cabeçalhos assinados entram
#[rstest]
#[case::plain(
    Request::new(Method::Get, "/cities").header("X-Note", "a").header("X-Other", "b"),
    "GET\n/prod/cities\n\nhost:api.example\nx-note:a\n\nhost;x-note\n@"
)]
#[case::encoded(
    Request::new(Method::Get, "/cities/vale%20verde?days=3&city=Serra+Clara").header("x-note", ""),
    "GET\n/prod/cities/vale%2520verde\ncity=Serra%20Clara&days=3\nhost:api.example\nx-note:\n\nhost;x-note\n@"
)]
#[case::spaces_and_repetitions(
    Request::new(Method::Put, "/").header("X-Note", "  a   b ").header("Accept", "*/*").header("x-note", "c"),
    "PUT\n/prod/\n\nhost:api.example\nx-note:a b,c\n\nhost;x-note\n@"
)]
fn the_canonical_request_has_six_parts(#[case] request: Request, #[case] expected: &str) {
    let expected = expected.replace('@', GRANIZO);
    let request = request.header("Host", "api.example").body("granizo");
    let got = canonical(&request, &["host", "x-note"]);
    expect_same!(
        got,
        expected,
        "de {}, com os cabeçalhos assinados host e x-note, a forma canônica certa é\n{expected}\n\ne a sua é\n{got}\n\nSão seis \
         partes unidas por quebras de linha, e o caminho leva o stage",
        written_request(&request)
    );
}

/// Os cabeçalhos entram na ordem de SignedHeaders, com o nome em minúsculas
#[rstest]
#[case::the_order_of_the_list(&["x-note", "host"])]
#[case::capitals(&["X-Note", "Host"])]
fn the_list_of_signed_headers_gives_the_order(#[case] signed_headers: &[&str]) {
    let request =
        Request::new(Method::Get, "/cities").header("Host", "api.example").header("X-Note", "a").body("granizo");
    let expected = format!("GET\n/prod/cities\n\nx-note:a\nhost:api.example\n\nx-note;host\n{GRANIZO}");
    let got = canonical(&request, signed_headers);
    expect_same!(
        got,
        expected,
        "SignedHeaders é `{}`: os cabeçalhos entram nessa ordem, com o nome em minúsculas. A forma canônica certa é\n{expected}\n\n\
         e a sua é\n{got}",
        signed_headers.join(";")
    );
}

/// A última linha é o SHA-256 do corpo que chegou, em bytes, diga o que disser um cabeçalho
#[rstest]
#[case::another_digest_in_a_header(b"granizo", GRANIZO)]
#[case::bytes_that_are_not_text(&[0xff, 0xfe, 0x00, 0x80], BYTES)]
fn the_body_is_really_hashed(#[case] body: &[u8], #[case] expected: &str) {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let request = Request::new(Method::Post, "/alerts").header("Host", "api.example");
    let request = request.header("x-amz-content-sha256", empty).body(body);
    let got = canonical(&request, &["host", "x-amz-content-sha256"]);
    let last = got.lines().last().unwrap_or_default();
    expect_same!(
        last,
        expected,
        "a última parte certa é {expected}, e a sua é {last}: ela é o SHA-256 dos {} bytes do corpo que chegou, calculado por quem \
         confere; o cabeçalho x-amz-content-sha256 diz que o corpo é vazio, e não é",
        body.len()
    );
}

/// O texto a assinar tem quatro linhas, e a chave vem de quatro HMACs
#[test]
fn the_text_and_the_key_follow_the_examples() {
    let request = Request::new(Method::Post, "/alerts").header("Host", HOST).header("X-Amz-Date", "20261122T170200Z");
    let got = canonical(&request.body(PAGE_BODY), &["host", "x-amz-date"]);
    expect_same!(
        got,
        PAGE_EXAMPLE,
        "a forma canônica do exemplo da página é\n{PAGE_EXAMPLE}\n\ne a sua é\n{got}\n\nO corpo é {PAGE_BODY}"
    );
    let scope = Scope { date: "20261122".into(), region: "sa-east-1".into(), service: "execute-api".into() };
    let expected =
        format!("AWS4-HMAC-SHA256\n20261122T170200Z\n20261122/sa-east-1/execute-api/aws4_request\n{PAGE_DIGEST}");
    let got = string_to_sign("20261122T170200Z", &scope, PAGE_EXAMPLE);
    expect_same!(
        got,
        expected,
        "o texto a assinar certo é\n{expected}\n\ne o seu é\n{got}\n\nA forma canônica, que ele resume, é\n{PAGE_EXAMPLE}"
    );
    let (got, expected) = (hex(&hmac_sha256(&signing_key(SECRET, &scope), expected.as_bytes())), PAGE_SIGNATURE);
    expect_same!(
        got,
        expected,
        "com a chave do escopo {scope}, a assinatura do exemplo da página é {expected}; com a sua, é {got}"
    );
    let scope = Scope { date: "20150830".into(), region: "us-east-1".into(), service: "iam".into() };
    let (got, expected) = (hex(&signing_key(SECRET, &scope)), PUBLISHED_KEY);
    expect_same!(got, expected, "a chave do segredo `{SECRET}` no escopo {scope} é {expected}; a sua é {got}");
}

/// Uma requisição assinada pelo crate que os SDKs usam é aceita
#[rstest]
#[case::plain(Method::Get, "/cities", &[], "")]
#[case::encoded(Method::Get, "/cities/vale%20verde/forecast?days=3&at=Serra+Clara%2F1&days=10", &[], "")]
#[case::with_body(Method::Post, "/alerts", &[("Content-Type", "application/json"), ("X-Note", " a   b ")], "granizo")]
fn a_signed_request_is_accepted(
    #[case] method: Method,
    #[case] target: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &str,
) {
    // Um proxy no caminho acrescenta um cabeçalho, que ninguém assinou.
    let request = BASE.request(method, target, headers, body).header("X-Forwarded-For", "203.0.113.7");
    let got = iam(&request, &[civil_defense(&[("Allow", "prod/*")])], NOW);
    let authorization = request.headers.get("authorization").unwrap_or_default();
    assert!(
        got.starts_with("segue"),
        "o certo é seguir, veio `{got}`: {method} {target} foi assinada por aws-sigv4, e um proxy pôs X-Forwarded-For, que não está \
         em SignedHeaders. Authorization: {authorization}"
    );
}

/// Nada do que foi assinado pode mudar no caminho
#[test]
fn a_change_after_signing_is_refused() {
    type Change = fn(&mut Request);
    let changes: [(&str, Change); 7] = [
        ("o verbo", |request| request.method = Method::Put),
        ("o caminho", |request| request.path = "/alert".into()),
        ("a query", |request| request.query = [("city", "b")].into_iter().collect()),
        ("um cabeçalho assinado", |request| request.headers.insert("X-Note", "b")),
        ("um cabeçalho assinado, que sumiu", |request| request.headers.remove("X-Note")),
        ("a hora em x-amz-date, que andou 1 s", |request| request.headers.insert("X-Amz-Date", "20261122T170201Z")),
        ("o corpo", |request| request.body = b"geada".to_vec()),
    ];
    for (what, change) in changes {
        // O resumo que o cliente declara é assinado também, e continua o do corpo de antes.
        let headers = [("X-Note", "a"), ("x-amz-content-sha256", GRANIZO)];
        let mut request = BASE.request(Method::Post, "/alerts?city=a", &headers, "granizo");
        let users = [civil_defense(&[("Allow", "*")])];
        let got = iam(&request, &users, NOW);
        assert!(got.starts_with("segue"), "antes de mudar {what}, o certo é seguir, veio `{got}`");
        change(&mut request);
        let got = iam(&request, &users, NOW);
        assert!(got.starts_with(INVALID), "o certo é {INVALID}, veio `{got}`: mudou {what} depois de assinar");
    }
}

/// Cada problema da assinatura tem a sua recusa, e o relógio pode estar até 5 minutos fora
#[rstest]
#[case::not_signed(None, NOW, "MISSING_AUTHENTICATION_TOKEN: Missing Authentication Token")]
#[case::unknown_key(Some(Client { access_key_id: "AKIDOTHER", ..BASE }), NOW, ": The security token included in the request is invalid.")]
#[case::other_secret(Some(Client { secret: "outro", ..BASE }), NOW, MISMATCH)]
#[case::other_region(Some(Client { region: "us-east-1", ..BASE }), NOW, INVALID)]
#[case::other_service(Some(Client { service: "s3", ..BASE }), NOW, INVALID)]
#[case::too_old(Some(BASE), utc_datetime!(2026-11-22 17:07:01), INVALID)]
#[case::from_the_future(Some(BASE), utc_datetime!(2026-11-22 16:56:59), INVALID)]
#[case::still_in_time(Some(BASE), utc_datetime!(2026-11-22 17:06:59), "segue")]
fn each_problem_has_its_refusal(#[case] client: Option<Client>, #[case] now: UtcDateTime, #[case] expected: &str) {
    let unsigned = || Request::new(Method::Get, "/alerts").header("Host", HOST);
    let request = client.map_or_else(unsigned, |client| client.request(Method::Get, "/alerts", &[], ""));
    let got = iam(&request, &[civil_defense(&[("Allow", "*")])], now);
    let header = |name| request.headers.get(name).unwrap_or("ausente");
    assert!(
        got.contains(expected),
        "o certo é `{}`, veio `{got}`. A API está em sa-east-1, o usuário tem a chave AKIDEXAMPLE e agora é {now}; x-amz-date: \
         {}; Authorization: {}",
        expected.trim_start_matches(": "),
        header("x-amz-date"),
        header("authorization")
    );
}

/// Com mais de um problema, responde o primeiro da tabela; a política é a última pergunta
#[rstest]
#[case::signature_before_policy(Client { secret: "outro", ..BASE }, NOW, INVALID)]
#[case::clock_before_policy(BASE, utc_datetime!(2026-11-22 17:07:01), INVALID)]
#[case::region_before_policy(Client { region: "us-east-1", ..BASE }, NOW, INVALID)]
#[case::unknown_key_before_clock(
    Client { access_key_id: "AKIDOTHER", ..BASE },
    utc_datetime!(2026-11-22 17:07:01),
    ": The security token included in the request is invalid."
)]
fn the_first_problem_answers(#[case] client: Client, #[case] now: UtcDateTime, #[case] expected: &str) {
    let request = client.request(Method::Post, "/alerts", &[], "granizo");
    let got = iam(&request, &[civil_defense(&[("Deny", "*")])], now);
    assert!(
        got.contains(expected),
        "o certo é `{}`, veio `{got}`: a política de AKIDEXAMPLE nega tudo, e só se olha quando a assinatura serve. Agora é \
         {now}; Authorization: {}",
        expected.trim_start_matches(": "),
        request.headers.get("authorization").unwrap_or("ausente")
    );
}

/// Quem assina bem ainda precisa da permissão, e a recusa diz quem, o quê e onde
#[rstest]
#[case::implicit(&[("Allow", "prod/GET/*")], false)]
#[case::explicit(&[("Allow", "*"), ("Deny", "prod/DELETE/*")], true)]
fn a_good_signature_still_needs_permission(#[case] statements: &[(&str, &str)], #[case] explicit: bool) {
    let request = BASE.request(Method::Delete, "/alerts/7", &[], "");
    let other = IamUser { access_key_id: "AKIDOTHER".into(), ..civil_defense(&[("Allow", "*")]) };
    let got = iam(&request, &[other, civil_defense(statements)], NOW);
    let expected = "ACCESS_DENIED: User: arn:aws:iam::123456789012:user/defesa-civil is not authorized to perform: \
                    execute-api:Invoke on resource: arn:aws:execute-api:sa-east-1:";
    assert!(
        got.starts_with(expected)
            && got.contains("9012:a1b2c3d4e5/prod/DELETE/alerts/7")
            && got.contains(" with an explicit deny") == explicit,
        "o certo é `{expected}…` e o fim do ARN do método, {} ` with an explicit deny`; veio `{got}`. A política do usuário: {}",
        if explicit { "com" } else { "sem" },
        written(statements)
    );
}
