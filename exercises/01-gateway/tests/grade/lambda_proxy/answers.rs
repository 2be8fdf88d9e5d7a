//! O que a função devolve, lido como uma API REST lê (1.0) e como uma API HTTP lê (2.0).

use gateway::lambda_proxy::{Failure, response_v1, response_v2};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::proxy::{base64_answer, expect_answer, expect_failure, expect_values, types};

/// Nenhum campo da resposta 1.0 é obrigatório numa API REST.
#[rstest]
#[case::null_headers(json!({ "statusCode": 204, "headers": null }), 204, "")]
#[case::no_status(json!({ "headers": { "X-City": "serra-clara" } }), 200, "")]
#[case::nothing(json!({}), 200, "")]
#[case::status_as_text(json!({ "statusCode": "201", "body": "criado" }), 201, "criado")]
fn no_field_of_a_v1_answer_is_mandatory(#[case] answer: Value, #[case] status: u16, #[case] body: &str) {
    let result = response_v1(answer.to_string().as_bytes(), None, &[]);
    let rule = "numa API REST, sem `statusCode` o status é 200, e sem `body` o corpo é vazio";
    let response = expect_answer(result, status, body, &answer.to_string(), rule);
    expect_values(&response, "Content-Type", &["application/json"], "sem Content-Type da função, o gateway põe um");
}

/// Um retorno que não tem a forma do proxy é malformado.
#[rstest]
#[case::unknown_field(r#"{"statusCode":200,"cidade":"serra-clara"}"#)]
#[case::cookies_are_of_the_other_format(r#"{"cookies":["a=1"],"body":"oi"}"#)]
#[case::text("\"granizo\"")]
#[case::not_json("granizo em serra-clara")]
#[case::status_is_a_word(r#"{"statusCode":"test"}"#)]
#[case::multi_value_is_not_a_list(r#"{"statusCode":200,"multiValueHeaders":{"X-City":"serra-clara"}}"#)]
#[case::body_is_an_object(r#"{"statusCode":200,"body":{"city":"serra-clara"}}"#)]
fn another_shape_is_malformed_in_v1(#[case] payload: &str) {
    let result = response_v1(payload.as_bytes(), None, &[]);
    let rule = "uma API REST só aceita um objeto com isBase64Encoded, statusCode, headers, multiValueHeaders e body";
    expect_failure(result, Failure::Malformed, payload, rule);
}

/// `headers` e `multiValueHeaders` viram uma lista só, com os multi na frente.
#[rstest]
#[case::both(json!({ "X-Alert": ["multi"] }), json!({ "X-Alert": "solo" }), "X-Alert", &["multi", "solo"])]
#[case::another_case(json!({ "x-aLERT": ["multi"] }), json!({ "X-Alert": "solo" }), "x-aLERT", &["multi", "solo"])]
#[case::the_same_pair(json!({ "X-Alert": ["granizo", "geada"] }), json!({ "X-Alert": "geada" }), "X-Alert", &["granizo", "geada"])]
#[case::the_same_pair_in_another_case(json!({ "x-aLERT": ["geada"] }), json!({ "X-Alert": "geada" }), "x-aLERT", &["geada"])]
fn the_two_header_maps_are_merged(
    #[case] multi: Value,
    #[case] single: Value,
    #[case] name: &str,
    #[case] expected: &[&str],
) {
    let answer = json!({ "statusCode": 200, "multiValueHeaders": multi, "headers": single }).to_string();
    let result = response_v1(answer.as_bytes(), None, &[]);
    let rule = "`headers` e `multiValueHeaders` se somam, sem olhar a caixa do nome; primeiro os de multiValueHeaders, e um par \
                igual sai uma vez";
    let response = expect_answer(result, 200, "", &answer, rule);
    expect_values(&response, name, expected, rule);
    let written = response.headers.iter().map(|(each, _)| each).find(|each| each.eq_ignore_ascii_case(name));
    expect_same!(written, Some(name), "o nome sai com a caixa de quem vem na frente, `{name}`; o seu saiu {written:?}");
}

/// Um cabeçalho booleano vira texto, e o Content-Type da função vale no lugar do padrão.
#[test]
fn a_boolean_header_becomes_text() {
    let answer = json!({ "headers": { "X-Hail": true, "content-type": "text/csv" }, "body": "1;2" }).to_string();
    let response = expect_answer(response_v1(answer.as_bytes(), None, &[]), 200, "1;2", &answer, "é uma resposta 1.0");
    expect_values(&response, "X-Hail", &["true"], "um valor booleano vira o texto dele");
    expect_values(&response, "Content-Type", &["text/csv"], "a função escolheu o Content-Type");
}

/// O corpo em base64 só é decodificado quando o Accept casa com um tipo binário da API.
#[rstest]
#[case::accepted(Some("image/png"), &["image/png"], base64_answer("Z3Jhbml6bw=="), "granizo")]
#[case::accept_of_another_type(Some("text/html"), &["image/png"], base64_answer("Z3Jhbml6bw=="), "Z3Jhbml6bw==")]
#[case::api_without_binary_types(Some("image/png"), &[], base64_answer("Z3Jhbml6bw=="), "Z3Jhbml6bw==")]
#[case::never_decoded_never_checked(Some("text/html"), &["image/png"], base64_answer("èé+à)("), "èé+à)(")]
#[case::not_encoded(Some("image/png"), &["image/png"], json!({ "body": "Z3Jhbml6bw==" }), "Z3Jhbml6bw==")]
fn base64_is_decoded_only_for_an_accepted_binary_type(
    #[case] accept: Option<&str>,
    #[case] list: &[&str],
    #[case] answer: Value,
    #[case] expected: &str,
) {
    let result = response_v1(answer.to_string().as_bytes(), accept, &types(list));
    let rule = format!("com o Accept {accept:?} e binaryMediaTypes {list:?}, isBase64Encoded sozinho não decodifica");
    expect_answer(result, 200, expected, &answer.to_string(), &rule);
}

/// Base64 inválido é um erro de configuração da API.
#[test]
fn invalid_base64_is_a_failure() {
    let answer = base64_answer("èé+à)(").to_string();
    let result = response_v1(answer.as_bytes(), Some("image/png"), &types(&["image/png"]));
    expect_failure(result, Failure::InvalidBase64, &answer, "o corpo tinha de ser decodificado e não é base64");
}

/// Sem statusCode, o 2.0 supõe 200 em JSON e usa o retorno inteiro como corpo.
#[rstest]
#[case::object(json!({ "user": "beto" }), "{\"user\":\"beto\"}")]
#[case::text(json!("Olá, Beto"), "Olá, Beto")]
#[case::list(json!(["granizo", 4]), "[\"granizo\",4]")]
#[case::looks_like_an_answer(json!({ "body": "oi" }), "{\"body\":\"oi\"}")]
fn without_a_status_the_v2_answer_is_the_body(#[case] answer: Value, #[case] body: &str) {
    let rule =
        "no formato 2.0, sem statusCode, o status é 200 e o corpo é o retorno da função; um texto sai sem as aspas";
    let payload = answer.to_string();
    let response = expect_answer(response_v2(payload.as_bytes()), 200, body, &payload, rule);
    expect_values(&response, "content-type", &["application/json"], rule);
}

/// Com statusCode, o 2.0 usa os campos, e cada cookie vira um set-cookie.
#[test]
fn with_a_status_the_v2_answer_is_read_field_by_field() {
    let answer = json!({
        "statusCode": 302,
        "headers": { "Location": "https://cracha.example/entrar" },
        "multiValueHeaders": { "X-Alert": ["granizo"] },
        "cookies": ["session=1f; HttpOnly", "theme=dark"],
        "body": "bytes aqui",
    });
    let payload = answer.to_string();
    let rule = "com statusCode, a resposta 2.0 é lida campo a campo";
    let response = expect_answer(response_v2(payload.as_bytes()), 302, "bytes aqui", &payload, rule);
    expect_values(&response, "Location", &["https://cracha.example/entrar"], rule);
    expect_values(&response, "set-cookie", &["session=1f; HttpOnly", "theme=dark"], "cada cookie vira um set-cookie");
    expect_values(&response, "X-Alert", &[], "o formato 2.0 não tem `multiValueHeaders`");
    let encoded = json!({ "statusCode": 200, "isBase64Encoded": true, "body": "Z3Jhbml6bw==" }).to_string();
    expect_answer(response_v2(encoded.as_bytes()), 200, "granizo", &encoded, "no 2.0, isBase64Encoded decodifica");
}

/// Com statusCode e sem Content-Type, o 2.0 responde texto puro; o da função vale, em qualquer caixa.
#[rstest]
#[case::missing(json!({ "statusCode": 200, "body": "oi" }), "text/plain; charset=utf-8")]
#[case::chosen(json!({ "statusCode": 200, "headers": { "CONTENT-TYPE": "text/csv" }, "body": "1;2" }), "text/csv")]
fn a_v2_answer_with_a_status_is_plain_text(#[case] answer: Value, #[case] expected: &str) {
    let body = answer["body"].as_str().unwrap_or_default();
    let rule = "com `statusCode`, uma API HTTP não supõe JSON: sem Content-Type da função, o tipo é texto puro";
    let response = expect_answer(response_v2(answer.to_string().as_bytes()), 200, body, &answer.to_string(), rule);
    let values: Vec<String> =
        response.headers.get_all("Content-Type").map(|each| each.to_ascii_lowercase().replace(' ', "")).collect();
    expect_same!(
        values,
        [expected.replace(' ', "")],
        "{rule}. A função devolveu {answer}: o Content-Type é {expected}; o da sua resposta é {values:?}"
    );
}

/// Um retorno que não é JSON não serve nem a uma API HTTP.
#[test]
fn what_is_not_json_is_malformed_in_v2() {
    let payload = "granizo em serra-clara";
    expect_failure(response_v2(payload.as_bytes()), Failure::Malformed, payload, "o retorno tem de ser JSON");
}
