//! Avalia o passo `validation`: qual validador vale, os parâmetros obrigatórios e o corpo contra o modelo.

use std::collections::BTreeMap;

use gateway::model::{GatewayResponseType, Method, Refusal, Request};
use gateway::schema::{Models, model_uri};
use gateway::validation::{
    Api, Invalid, MethodRequest, PathParameters, RequestValidator, effective_validator, missing_parameters, model_for,
    validate,
};
use rstest::rstest;
use serde_json::json;

use crate::support::expect_same;

const API_ID: &str = "a1b2c3d4e5";
const ALL: RequestValidator = RequestValidator::ALL;
const PARAMETERS: RequestValidator = RequestValidator::PARAMETERS;
const BODY: RequestValidator = RequestValidator::BODY;
const NONE: RequestValidator = RequestValidator::NONE;
const HAIL: &str = r#"{"kind":"hail","city":"serra-clara","severity":4}"#;

/// A API da meteorologia: um alerta tem tipo, cidade e gravidade de 1 a 5, e a cidade é outro modelo.
fn api(request_validator: Option<RequestValidator>) -> Api {
    let alert = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": ["kind", "city", "severity"],
        "properties": {
            "kind": { "enum": ["hail", "frost", "flood"] },
            "city": { "$ref": model_uri(API_ID, "City") },
            "severity": { "type": "integer", "minimum": 1, "maximum": 5 }
        }
    });
    let city = json!({ "type": "string", "pattern": "^[a-z-]+$" });
    let models = Models::new(API_ID, [("Alert", alert), ("City", city)]).expect("os modelos do teste compilam");
    Api { request_validator, models }
}

fn parameters(list: &[(&str, bool)]) -> BTreeMap<String, bool> {
    list.iter().map(|(name, required)| (format!("method.request.{name}"), *required)).collect()
}

fn texts(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// `GET /cities/{city}/forecast`: cidade, dias e quem pede são obrigatórios; o idioma não.
fn forecast() -> MethodRequest {
    let declared =
        [("querystring.days", true), ("path.city", true), ("header.X-Client", true), ("header.Accept-Language", false)];
    MethodRequest { request_parameters: parameters(&declared), ..MethodRequest::default() }
}

fn serra_clara() -> PathParameters {
    texts(&[("city", "serra-clara")])
}

/// `POST /alerts`: quem publica é obrigatório, e o JSON segue o modelo `Alert`.
fn publish(request_validator: Option<RequestValidator>) -> MethodRequest {
    MethodRequest {
        request_validator,
        request_parameters: parameters(&[("header.X-Publisher", true)]),
        request_models: texts(&[("application/json", "Alert")]),
    }
}

fn post(body: &str) -> Request {
    Request::new(Method::Post, "/alerts").body(body).header("Content-Type", "application/json")
}

/// O que um validador confere.
fn checks(validator: Option<RequestValidator>) -> &'static str {
    match validator {
        None => "nenhum",
        Some(ALL) => "ALL",
        Some(PARAMETERS) => "PARAMETERS",
        Some(BODY) => "BODY",
        Some(_) => "NONE",
    }
}

/// `X-Client, days`, ou `nenhum`.
fn list(names: &[impl AsRef<str>]) -> String {
    match names {
        [] => "nenhum".to_owned(),
        names => names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
    }
}

/// `days=3, city=serra-clara`, ou `nenhum`.
fn pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> String {
    list(&pairs.into_iter().map(|(name, value)| format!("{}={}", name.as_ref(), value.as_ref())).collect::<Vec<_>>())
}

/// O tipo e a mensagem da recusa, ou `None` quando a requisição passa.
fn answer(result: &Result<(), Invalid>) -> Option<(GatewayResponseType, String)> {
    let refusal = result.as_ref().err().map(|invalid| invalid.refusal.clone())?;
    Some((refusal.kind, refusal.message.unwrap_or_else(|| "null".to_owned())))
}

fn describe(answer: Option<&(GatewayResponseType, String)>) -> String {
    answer.map_or_else(|| "passa".to_owned(), |(kind, message)| format!("400 {kind} `{message}`"))
}

fn missing(names: &str) -> Option<(GatewayResponseType, String)> {
    Some((GatewayResponseType::BadRequestParameters, format!("Missing required request parameters: [{names}]")))
}

fn bad_body() -> Option<(GatewayResponseType, String)> {
    Some((GatewayResponseType::BadRequestBody, "Invalid request body".to_owned()))
}

fn expect_answer(
    result: &Result<(), Invalid>,
    expected: Option<&(GatewayResponseType, String)>,
    rule: &str,
    situation: &str,
) {
    let got = answer(result);
    expect_same!(
        got.as_ref(),
        expected,
        "{rule}; {situation}: o certo é {}; o seu `validate` respondeu {}",
        describe(expected),
        describe(got.as_ref())
    );
}

/// O validador do método vale no lugar do da API, inteiro.
#[rstest]
#[case::nobody_has_one(None, None, NONE)]
#[case::only_the_api(Some(ALL), None, ALL)]
#[case::the_method_checks_less(Some(ALL), Some(PARAMETERS), PARAMETERS)]
#[case::they_check_different_things(Some(PARAMETERS), Some(BODY), BODY)]
#[case::the_method_checks_nothing(Some(ALL), Some(NONE), NONE)]
fn the_validator_of_the_method_wins(
    #[case] api: Option<RequestValidator>,
    #[case] method: Option<RequestValidator>,
    #[case] expected: RequestValidator,
) {
    let got = effective_validator(api, method);
    expect_same!(
        got,
        expected,
        "validador da API: {}; do método: {}. O do método, quando existe, vale inteiro, sem somar com o da API; sem \
         nenhum, nada é conferido. O certo é {}; o seu código deu {}",
        checks(api),
        checks(method),
        checks(Some(expected)),
        checks(Some(got))
    );
}

/// Um parâmetro obrigatório tem de vir, e não pode vir vazio.
#[rstest]
#[case::all_present("/cities/serra-clara/forecast?days=3", Some("cooperativa"), "serra-clara", &[])]
#[case::no_query("/cities/serra-clara/forecast", Some("cooperativa"), "serra-clara", &["days"])]
#[case::empty_query("/cities/serra-clara/forecast?days=", Some("cooperativa"), "serra-clara", &["days"])]
#[case::no_header("/cities/serra-clara/forecast?days=3", None, "serra-clara", &["X-Client"])]
#[case::empty_header("/cities/serra-clara/forecast?days=3", Some(""), "serra-clara", &["X-Client"])]
#[case::empty_path("/cities//forecast?days=3", Some("cooperativa"), "", &["city"])]
fn a_required_parameter_has_to_come_with_a_value(
    #[case] target: &str,
    #[case] client: Option<&str>,
    #[case] city: &str,
    #[case] expected: &[&str],
) {
    let mut request = Request::new(Method::Get, target);
    if let Some(client) = client {
        request = request.header("X-Client", client);
    }
    let got = missing_parameters(&forecast(), &request, &texts(&[("city", city)]));
    expect_same!(
        got,
        expected,
        "GET {target} com {} e, no caminho, city=`{city}`: `days`, `city` e `X-Client` são obrigatórios e um valor vazio \
         é como não vir; `Accept-Language` é opcional. O que falta: {}; no seu código: {}",
        client.map_or("nenhum X-Client".to_owned(), |client| format!("X-Client: `{client}`")),
        list(expected),
        list(&got)
    );
}

/// O caminho também pode não ter o parâmetro.
#[rstest]
fn a_path_parameter_that_the_route_does_not_have_is_missing() {
    let request = Request::new(Method::Get, "/forecast?days=3&city=serra-clara").header("X-Client", "cooperativa");
    let got = missing_parameters(&forecast(), &request, &PathParameters::new());
    expect_same!(
        got,
        ["city"],
        "`method.request.path.city` é obrigatório e a rota não tem esse parâmetro. O que falta: city; no seu código: {}",
        list(&got)
    );
}

/// Cada parâmetro é procurado no seu lugar, com o nome exato.
#[rstest]
#[case::query_in_capitals("/forecast?Days=3", &[("X-Client", "cooperativa")], &["days"])]
#[case::header_in_small_letters("/forecast?days=3", &[("x-client", "cooperativa")], &["X-Client"])]
#[case::query_sent_as_header("/forecast", &[("X-Client", "cooperativa"), ("days", "3")], &["days"])]
#[case::path_parameter_of_the_same_name("/forecast", &[("X-Client", "cooperativa")], &["days"])]
#[case::header_sent_as_query("/forecast?days=3&X-Client=cooperativa", &[], &["X-Client"])]
fn each_parameter_is_looked_up_in_its_place_by_its_exact_name(
    #[case] target: &str,
    #[case] headers: &[(&str, &str)],
    #[case] expected: &[&str],
) {
    let mut request = Request::new(Method::Get, target);
    request.headers = headers.iter().copied().collect();
    let path = texts(&[("city", "serra-clara"), ("days", "7"), ("X-Client", "rota")]);
    let got = missing_parameters(&forecast(), &request, &path);
    expect_same!(
        got,
        expected,
        "{target}; cabeçalhos: {}; parâmetros do caminho: {}. Os nomes de cabeçalho e de query diferenciam maiúsculas de \
         minúsculas, e cada parâmetro só vale no seu lugar. O que falta: {}; no seu código: {}",
        pairs(headers.iter().copied()),
        pairs(&path),
        list(expected),
        list(&got)
    );
}

/// A conferência não olha o valor, nem o que não foi declarado.
#[rstest]
#[case::not_a_number("days=amanhã")]
#[case::undeclared("days=3&debug=")]
#[case::only_the_word_false("days=false")]
fn the_value_is_not_checked(#[case] query: &str) {
    let request = Request::new(Method::Get, &format!("/forecast?{query}")).header("X-Client", "cooperativa");
    let got = missing_parameters(&forecast(), &request, &serra_clara());
    expect_same!(
        got,
        Vec::<String>::new(),
        "?{query}: o API Gateway só confere que o parâmetro obrigatório veio e não está vazio; tipo e formato são da \
         função, e um parâmetro não declarado não conta. Nada falta; no seu código: {}",
        list(&got)
    );
}

/// A mensagem lista os que faltam: cabeçalhos, caminho e query.
#[rstest]
#[case::one_of_each(
    &[("querystring.qs1", true), ("header.x-header-param", true), ("path.issuer", true)],
    "x-header-param, issuer, qs1"
)]
#[case::alphabetical_within_a_place(
    &[("querystring.unit", true), ("querystring.days", true), ("header.X-Unit", true), ("header.X-Client", true)],
    "X-Client, X-Unit, days, unit"
)]
#[case::the_place_comes_before_the_name(
    &[("querystring.a", true), ("path.b", true), ("header.z", true), ("header.c", false)],
    "z, b, a"
)]
fn the_message_lists_what_is_missing(#[case] declared: &[(&str, bool)], #[case] names: &str) {
    let request_parameters = parameters(declared);
    let method = MethodRequest { request_validator: Some(PARAMETERS), request_parameters, ..MethodRequest::default() };
    let result = validate(&api(None), &method, &Request::new(Method::Get, "/"), &PathParameters::new());
    let declared = declared.iter().map(|(name, required)| (*name, required.to_string()));
    let situation = format!("declarados: {}; nenhum veio", pairs(declared));
    let rule = "a mensagem traz só os obrigatórios que faltam, primeiro header, depois path, depois querystring, em \
                ordem alfabética dentro de cada um, separados por vírgula e espaço";
    expect_answer(&result, missing(names).as_ref(), rule, &situation);
}

/// O modelo sai do Content-Type.
#[rstest]
#[case::no_content_type(&[("application/json", "Alert")], None, Some("Alert"))]
#[case::other_type(&[("application/json", "Alert")], Some("text/plain"), None)]
#[case::a_longer_name(&[("application/json", "Alert")], Some("application/json-patch+json"), None)]
#[case::catch_all(&[("application/json", "Alert"), ("$default", "Empty")], Some("text/plain"), Some("Empty"))]
#[case::exact_before_catch_all(&[("$default", "Empty"), ("application/json", "Alert")], Some("application/json"), Some("Alert"))]
#[case::no_content_type_and_a_catch_all(&[("$default", "Empty"), ("application/json", "Alert")], None, Some("Alert"))]
#[case::no_content_type_and_only_a_catch_all(&[("$default", "Alert")], None, Some("Alert"))]
#[case::no_content_type_and_only_xml(&[("application/xml", "Alert")], None, None)]
fn the_model_comes_from_the_content_type(
    #[case] models: &[(&str, &str)],
    #[case] content_type: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let method = MethodRequest { request_models: texts(models), ..MethodRequest::default() };
    let mut request = Request::new(Method::Post, "/alerts").body(HAIL);
    if let Some(content_type) = content_type {
        request = request.header("Content-Type", content_type);
    }
    let got = model_for(&method, &request);
    expect_same!(
        got,
        expected,
        "modelos: {}; Content-Type: {}. Vale o modelo desse tipo; senão o de `$default`; senão nenhum. Sem Content-Type, \
         o tipo é application/json. O certo é {}; o seu código deu {}",
        pairs(models.iter().copied()),
        content_type.unwrap_or("não veio"),
        expected.unwrap_or("nenhum"),
        got.unwrap_or("nenhum")
    );
}

/// Um corpo que segue o modelo passa, e um que não segue é 400.
#[rstest]
#[case::follows_the_model(HAIL, None)]
#[case::missing_field(r#"{"kind":"hail","city":"serra-clara"}"#, bad_body())]
#[case::above_the_maximum(r#"{"kind":"hail","city":"serra-clara","severity":6}"#, bad_body())]
#[case::number_as_text(r#"{"kind":"hail","city":"serra-clara","severity":"4"}"#, bad_body())]
#[case::referenced_model(r#"{"kind":"hail","city":"Serra Clara","severity":4}"#, bad_body())]
#[case::not_json("granizo em Serra Clara", bad_body())]
#[case::empty("", bad_body())]
fn the_body_follows_the_model(#[case] body: &str, #[case] expected: Option<(GatewayResponseType, String)>) {
    let request = post(body).header("X-Publisher", "defesa-civil");
    let result = validate(&api(Some(ALL)), &publish(None), &request, &PathParameters::new());
    let rule =
        "o corpo tem de ser JSON e seguir o modelo Alert (e City, que ele cita); um corpo vazio é conferido como {}";
    expect_answer(&result, expected.as_ref(), rule, &format!("corpo `{body}`"));
}

/// Um corpo vazio vale `{}`.
#[rstest]
fn an_empty_body_is_an_empty_object() {
    let method = MethodRequest { request_models: texts(&[("application/json", "Empty")]), ..MethodRequest::default() };
    let result = validate(&api(Some(BODY)), &method, &post(""), &PathParameters::new());
    let rule = "um corpo vazio é conferido como {}, e o modelo Empty aceita um objeto vazio";
    expect_answer(&result, None, rule, "corpo vazio e modelo Empty");
}

/// O corpo tem de ser JSON mesmo quando o modelo é um texto.
#[rstest]
#[case::a_json_string(r#""serra-clara""#, None)]
#[case::the_bare_text("serra-clara", bad_body())]
fn a_text_without_quotes_is_not_json(#[case] body: &str, #[case] expected: Option<(GatewayResponseType, String)>) {
    let method = MethodRequest { request_models: texts(&[("application/json", "City")]), ..MethodRequest::default() };
    let result = validate(&api(Some(BODY)), &method, &post(body), &PathParameters::new());
    let rule = "o modelo City é um texto, e em JSON um texto vem entre aspas";
    expect_answer(&result, expected.as_ref(), rule, &format!("corpo `{body}`"));
}

/// Sem modelo para o tipo, o corpo passa sem ser lido.
#[rstest]
#[case::other_type("text/plain", "granizo")]
#[case::json_of_another_type("application/xml", r#"{"severity":99}"#)]
fn a_body_without_a_model_is_not_read(#[case] content_type: &str, #[case] body: &str) {
    let request = Request::new(Method::Post, "/alerts").body(body).header("Content-Type", content_type);
    let request = request.header("X-Publisher", "defesa-civil");
    let result = validate(&api(Some(ALL)), &publish(None), &request, &PathParameters::new());
    let rule = "o método só tem modelo para application/json, e sem modelo para o tipo não há validação do corpo";
    expect_answer(&result, None, rule, &format!("Content-Type {content_type} e corpo `{body}`"));
}

/// O validador diz o que é conferido, e os parâmetros vêm antes.
#[rstest]
#[case::everything(Some(ALL), None, missing("X-Publisher"))]
#[case::parameters(Some(PARAMETERS), None, missing("X-Publisher"))]
#[case::body(Some(BODY), None, bad_body())]
#[case::nothing(None, None, None)]
#[case::method_turns_it_off(Some(ALL), Some(NONE), None)]
#[case::method_leaves_the_body(Some(ALL), Some(BODY), bad_body())]
fn the_parameters_are_checked_before_the_body(
    #[case] of_the_api: Option<RequestValidator>,
    #[case] of_the_method: Option<RequestValidator>,
    #[case] expected: Option<(GatewayResponseType, String)>,
) {
    let result = validate(&api(of_the_api), &publish(of_the_method), &post("granizo"), &PathParameters::new());
    let rule = "os parâmetros vêm primeiro, e se falta algum o corpo nem é olhado; o que o validador não manda conferir \
                passa";
    let situation = format!(
        "falta X-Publisher e o corpo não é JSON; validador da API: {}; do método: {}",
        checks(of_the_api),
        checks(of_the_method)
    );
    expect_answer(&result, expected.as_ref(), rule, &situation);
}

/// O detalhe vai para o log, inteiro, e não para o cliente.
#[rstest]
#[case::one_error(r#"{"kind":"hail","city":"serra-clara","severity":9}"#)]
#[case::two_errors(r#"{"kind":"hail","city":"Serra Clara","severity":9}"#)]
fn the_detail_goes_to_the_log(#[case] body: &str) {
    let api = api(Some(BODY));
    let Err(Invalid { refusal, validation_error }) =
        validate(&api, &publish(None), &post(body), &PathParameters::new())
    else {
        panic!("o corpo {body} não segue o modelo Alert, e o seu `validate` o aceitou")
    };
    expect_same!(
        refusal,
        Refusal::new(GatewayResponseType::BadRequestBody, "Invalid request body"),
        "o cliente só recebe `Invalid request body`, sem o motivo; veio {refusal}"
    );
    let value = serde_json::from_str(body).expect("o corpo do teste é JSON");
    let expected = api.models.check("Alert", &value).expect_err("o corpo do teste não segue o modelo").0;
    expect_same!(
        validation_error,
        expected,
        "corpo {body}: `validation_error` é o texto que `Models::check` devolve, `{expected}`; o seu é \
         `{validation_error}`"
    );
}
