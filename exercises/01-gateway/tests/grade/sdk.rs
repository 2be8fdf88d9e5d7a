//! Os testes do passo `sdk`: os nomes, os planos, o pedido e o módulo, lido como código, texto e comentário.

use std::collections::BTreeMap;

use gateway::definition::{Authorization, Definition, Location, MethodDefinition, Protocol, weather};
use gateway::javascript::CORE;
use gateway::model::Method::{self, Get, Patch, Post};
use gateway::sdk::{GetSdkError, Operation, SdkType, Segment, comment, get_sdk, literal, method_name, operations};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::expect_same;
use crate::support::javascript::Module;
use crate::support::sdk::{module, names, plan, shown, tainted};

/// O que encerraria um texto, um comentário ou uma página.
const ESCAPES: [&str; 6] = ["*/", "</", "\n", "\r", "\u{2028}", "\u{2029}"];

/// O nome vem do caminho e do verbo, com cada palavra em maiúscula menos a primeira
#[rstest]
#[case::root(Post, "/", "rootPost")]
#[case::example_of_the_guide(Get, "/{a}/{b}/{op}", "aBOpGet")]
#[case::hyphen(Get, "/radar/last-image", "radarLastImageGet")]
#[case::underscore(Get, "/get_bookings/{user_id}", "getBookingsUserIdGet")]
#[case::greedy(Patch, "/stations/{station}/{proxy+}", "stationsStationProxyPatch")]
#[case::starts_with_a_digit(Get, "/2026/report", "_2026ReportGet")]
fn the_name_comes_from_the_path_and_the_verb(#[case] method: Method, #[case] path: &str, #[case] expected: &str) {
    let got = method_name(path, method);
    expect_same!(
        got,
        expected,
        "{method} {path} vira {expected}, e a sua função deu {got}. Só letras e dígitos formam palavras, o verbo é a última, e um \
         nome que começaria com um dígito ganha um _ na frente"
    );
}

/// Um texto vira um literal que se lê de volta igual e não sai de onde está
#[rstest]
#[case::quotes_and_backslash(r#"diz "sim" e \ não"#)]
#[case::line_breaks("uma\nduas\r\ntrês\u{2028}quatro\u{2029}cinco")]
#[case::end_of_comment("*/ alert(1) /*")]
#[case::end_of_script("</script><script>alert(1)</script>")]
fn a_literal_stays_in_its_place(#[case] text: &str) {
    let got = literal(&text);
    expect_same!(
        serde_json::from_str::<String>(&got).ok().as_deref(),
        Some(text),
        "o literal de {} é um texto JSON que se lê de volta igual; o seu é {}",
        shown(text),
        shown(&got)
    );
    for escape in ESCAPES {
        assert!(
            !got.contains(escape),
            "o literal de {} não pode conter {}, e o seu é {}: ele vai para o código, para comentários e para páginas",
            shown(text),
            shown(escape),
            shown(&got)
        );
    }
}

/// Um texto livre cabe numa linha de comentário
#[rstest]
#[case::plain("A previsão de *uma* cidade / distrito.")]
#[case::hidden_end_of_comment("fim **// ***/// */*/ </script>")]
#[case::line_breaks("uma\nduas\r\ntrês\u{2028}quatro\u{2029}")]
fn a_comment_stays_in_its_place(#[case] text: &str) {
    let got = comment(text);
    for escape in ESCAPES {
        assert!(
            !got.contains(escape),
            "o comentário de {} não pode conter {}, que o encerraria ou mudaria de linha, e o seu é {}",
            shown(text),
            shown(escape),
            shown(&got)
        );
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (text_shown, got_shown) = (shown(text), shown(&got));
    expect_same!(letters(&got), letters(text), "as letras do texto ficam todas; {text_shown} virou {got_shown}");
    if !ESCAPES.iter().any(|escape| text.contains(escape)) {
        expect_same!(got, text, "um texto sem nada de perigoso não muda; {text_shown} virou {got_shown}");
    }
}

/// O plano de uma leitura diz o que vai no caminho e o que vai na query
#[test]
fn a_read_puts_each_parameter_in_its_place() {
    let got = plan(weather().methods.swap_remove(2));
    let expected = Operation {
        name: "citiesCityForecastGet".into(),
        description: "A previsão de uma cidade.".into(),
        request_model: None,
        response_model: Some("Forecast".into()),
        method: "GET",
        path: vec![
            Segment::Text("cities".into()),
            Segment::Parameter { name: "city".into(), greedy: false },
            Segment::Text("forecast".into()),
        ],
        query: names(&["days"]),
        headers: vec![],
        required: names(&["city"]),
        body: false,
        api_key: true,
        authorization: None,
    };
    expect_same!(
        got,
        expected,
        "GET /cities/{{city}}/forecast tem city no caminho, days opcional na query, chave de API e nenhum authorizer: \
         o plano é \
         {expected:?}; o seu é {got:?}"
    );
}

/// O plano de uma escrita leva o corpo e o token
#[test]
fn a_write_carries_the_body_and_the_token() {
    let got = plan(MethodDefinition::new(Post, "/alerts", "").receiving("Alert").with_token("X-Cracha"));
    expect_same!(
        (got.body, got.request_model.as_deref(), got.authorization.as_deref(), got.api_key),
        (true, Some("Alert"), Some("X-Cracha"), false),
        "POST /alerts recebe o modelo Alert e o token no cabeçalho X-Cracha, sem chave de API; o seu plano tem corpo: \
         {}, modelo \
         {:?}, token em {:?}, chave: {}",
        got.body,
        got.request_model,
        got.authorization,
        got.api_key
    );
}

/// O token e a chave só vão aonde são pedidos
#[rstest]
#[case::open(MethodDefinition::new(Get, "/health", ""), false, None)]
#[case::both(MethodDefinition::new(Get, "/a", "").with_token("X-T").with_api_key(), true, Some("X-T"))]
#[case::signature(
    MethodDefinition { authorization: Authorization::AwsIam, ..MethodDefinition::new(Get, "/a", "") }, false, None
)]
fn credentials_go_only_where_they_are_asked_for(
    #[case] method: MethodDefinition,
    #[case] api_key: bool,
    #[case] authorization: Option<&str>,
) {
    let what = (method.authorization.clone(), method.api_key_required);
    let got = plan(method);
    expect_same!(
        (got.api_key, got.authorization.as_deref()),
        (api_key, authorization),
        "com authorization {:?} e apiKeyRequired {}, o plano leva a chave: {api_key}, e o token em {authorization:?} \
         (uma \
         assinatura SigV4 não é um token); o seu tem {} e {:?}",
        what.0,
        what.1,
        got.api_key,
        got.authorization
    );
}

/// Os obrigatórios são os do caminho e os declarados como tais
#[test]
fn the_parameters_of_the_path_are_always_required() {
    use Location::{Header, Querystring};
    let method = MethodDefinition::new(Get, "/radar/{station}/{image+}", "")
        .parameter(Querystring, "zoom", false)
        .parameter(Header, "X-Trace", true)
        .parameter(Querystring, "layer", true)
        .parameter(Header, "If-None-Match", false);
    let got = plan(method);
    expect_same!(
        got.required,
        names(&["station", "image", "X-Trace", "layer"]),
        "em GET /radar/{{station}}/{{image+}}, os do caminho são obrigatórios e vêm primeiro; depois, os que a \
         definição marca, \
         na ordem dela: X-Trace e layer. O seu plano exige {:?}",
        got.required
    );
    expect_same!(
        (&got.query, &got.headers),
        (&names(&["zoom", "layer"]), &names(&["X-Trace", "If-None-Match"])),
        "a query leva zoom e layer, e os cabeçalhos, X-Trace e If-None-Match; o seu plano tem {:?} e {:?}",
        got.query,
        got.headers
    );
    expect_same!(
        got.path.last(),
        Some(&Segment::Parameter { name: "image".into(), greedy: true }),
        "{{image+}} é um parâmetro de nome image, guloso; o seu caminho é {:?}",
        got.path
    );
}

/// Há um plano por método, na ordem da definição, menos os de verbo ANY
#[test]
fn every_method_but_any_becomes_an_operation_in_order() {
    let got = operations(&weather()).map(|list| list.into_iter().map(|each| each.name).collect::<Vec<_>>());
    let expected = names(&[
        "citiesGet",
        "citiesCityGet",
        "citiesCityForecastGet",
        "alertsGet",
        "alertsPost",
        "alertsAlertIdDelete",
        "healthGet",
    ]);
    expect_same!(
        got,
        Ok(expected.clone()),
        "a API do tempo tem 8 métodos, e ANY /stations/… não entra no SDK JavaScript: as operações são {expected:?}; \
         vieram {got:?}"
    );
}

/// O `operationName` não muda o nome no SDK JavaScript
#[test]
fn the_operation_name_is_for_other_languages() {
    let method = MethodDefinition {
        operation_name: Some("getForecast".into()),
        ..MethodDefinition::new(Get, "/forecast/{city}", "")
    };
    let got = plan(method).name;
    expect_same!(
        got,
        "forecastCityGet",
        "no SDK JavaScript o nome vem do caminho e do verbo; o operationName `getForecast` vale no de Java. O seu \
         plano se \
         chama {got:?}"
    );
}

/// Dois métodos com o mesmo nome não somem um com o outro
#[test]
fn two_methods_with_one_name_are_a_conflict() {
    let methods =
        ["/radar-images", "/radar/images"].map(|path| MethodDefinition::new(Get, path, "")).into_iter().collect();
    let got = operations(&Definition { methods, ..weather() });
    expect_same!(
        got,
        Err(GetSdkError::NameConflict("radarImagesGet".into())),
        "GET /radar-images e GET /radar/images dão os dois radarImagesGet: num objeto JavaScript, o segundo apagaria o \
         primeiro em silêncio. O certo é Err(NameConflict(\"radarImagesGet\")), e a sua função respondeu {got:?}"
    );
}

/// Um pedido que não serve é recusado pelo motivo certo
#[rstest]
#[case::http_api(Protocol::Http, "prod dev", "prod", "javascript", "", GetSdkError::NotRest)]
#[case::never_deployed(Protocol::Rest, "", "prod", "javascript", "", GetSdkError::NeverDeployed)]
#[case::unknown_stage(Protocol::Rest, "prod", "dev", "javascript", "", GetSdkError::UnknownStage("dev".into()))]
#[case::unknown_type(Protocol::Rest, "prod", "prod", "python", "", GetSdkError::UnknownSdkType("python".into()))]
#[case::java(Protocol::Rest, "prod", "prod", "java", "serviceName", GetSdkError::MissingParameter("javaPackageName"))]
#[case::android_without_the_last(
    Protocol::Rest,
    "prod",
    "prod",
    "android",
    "groupId artifactId artifactVersion",
    GetSdkError::MissingParameter("invokerPackage")
)]
#[case::complete_swift(
    Protocol::Rest,
    "prod",
    "prod",
    "swift",
    "classPrefix",
    GetSdkError::OnlyJavaScript(SdkType::Swift)
)]
fn a_bad_request_is_refused(
    #[case] protocol: Protocol,
    #[case] stages: &str,
    #[case] stage: &str,
    #[case] sdk_type: &str,
    #[case] parameters: &str,
    #[case] expected: GetSdkError,
) {
    let stages_of_the_api = stages.split_whitespace().map(str::to_owned).collect();
    let definition = Definition { protocol, stages: stages_of_the_api, ..weather() };
    let given = parameters.split_whitespace().map(|name| (name.to_owned(), "x".to_owned())).collect();
    let got = get_sdk(&definition, stage, sdk_type, &given).map(|module| format!("{} bytes", module.len()));
    expect_same!(
        got,
        Err(expected.clone()),
        "API {protocol:?} publicada em `{stages}`; pedido de {sdk_type} para {stage}, com `{parameters}`: o certo é o \
         erro \
         `{expected}`, e a sua função respondeu {got:?}"
    );
}

/// O módulo é o de `render`, com os parâmetros que houver
#[test]
fn a_good_request_gets_the_module() {
    let definition = weather();
    let extra = BTreeMap::from([("classPrefix".to_owned(), "SC".to_owned())]);
    let got = get_sdk(&definition, "prod", "javascript", &extra);
    expect_same!(
        got,
        Ok(module(&definition)),
        "javascript não exige parâmetros, e o que sobra não atrapalha: o pedido devolve o que `render` escreve. Veio \
         {got:?}"
    );
}

/// O módulo exporta `createClient`, que já sabe o endereço do stage, e termina com o miolo
#[test]
fn the_module_exports_a_client_of_the_stage() {
    let source = module(&weather());
    let read = Module::read(&source);
    read.members();
    let got = read.after(&["baseUrl", "="]).and_then(|text| serde_json::from_str::<String>(text).ok());
    expect_same!(
        got.as_deref(),
        Some("https://a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com/prod"),
        "baseUrl tem por padrão o endereço do stage prod; no seu módulo, o que vem depois de `baseUrl =` é {:?}",
        read.after(&["baseUrl", "="])
    );
    assert!(source.contains(CORE), "o módulo leva CORE inteiro: é lá que estão `send` e `ApiError`; o seu não leva");
}

/// Cada operação é um membro do cliente, com o nome e o plano dela, na ordem
#[test]
fn every_operation_is_a_member_with_its_plan() {
    let definition = weather();
    let source = module(&definition);
    let members = Module::read(&source).members();
    let got: Vec<_> = members.into_iter().map(|member| (member.name, member.plan)).collect();
    let expected: Vec<(String, Value)> =
        operations(&definition).into_iter().flatten().map(|each| (each.name.clone(), json!(each))).collect();
    for (got, expected) in got.iter().zip(&expected) {
        expect_same!(
            got,
            expected,
            "o membro {} chama `call` com o plano {}; no seu módulo, nesse lugar, está {} com o plano {}",
            expected.0,
            expected.1,
            got.0,
            got.1
        );
    }
    expect_same!(
        got.len(),
        expected.len(),
        "são {} operações; o seu cliente tem {} membros",
        expected.len(),
        got.len()
    );
}

/// Cada modelo vira um tipo do JSDoc
#[rstest]
#[case::nested(r#"@typedef {{ "city": City, "days": Array<{ "date": string, "rain_mm"?: number }> }} Forecast"#)]
#[case::values(r#"@typedef {{ "city": string, "kind": "granizo" | "geada" | "vendaval", "severity": number, "until"?: string }} Alert"#)]
fn every_model_is_a_typedef(#[case] expected: &str) {
    let source = module(&weather());
    let comments = Module::read(&source).comments();
    assert!(
        comments.iter().any(|comment| comment.contains(expected)),
        "o módulo tem um comentário com `{expected}`; os comentários do seu são:\n{}",
        comments.join("\n")
    );
}

/// O comentário antes de cada operação diz o que entra e o que sai
#[rstest]
#[case::description("citiesCityForecastGet", "A previsão de uma cidade.")]
#[case::path_and_query("citiesCityForecastGet", r#"@param {{ "city": string, "days"?: string }} params"#)]
#[case::query_and_header("alertsGet", r#"@param {{ "city": string, "If-None-Match"?: string }} params"#)]
#[case::body("alertsPost", "@param {Alert} body")]
#[case::response("citiesCityForecastGet", "@returns {Promise<Forecast>}")]
#[case::unknown_response("citiesGet", "@returns {Promise<*>}")]
fn the_comment_documents_the_call(#[case] name: &str, #[case] expected: &str) {
    let source = module(&weather());
    let members = Module::read(&source).members();
    let comment =
        members.into_iter().find(|member| member.name == name).map(|member| member.comment).unwrap_or_default();
    assert!(
        comment.contains(expected),
        "o comentário logo antes de {name} tem `{expected}`; no seu módulo ele é `{comment}`"
    );
}

/// Nenhum texto da definição vira código
#[rstest]
#[case::closes_a_text("\"); alert(1); (\"")]
#[case::opens_a_template("`${alert(1)}`")]
#[case::closes_a_comment("*/ alert(1); /*")]
#[case::breaks_the_line("\n*/ alert(1);\u{2028}alert(1);\r//")]
#[case::ends_with_a_backslash("\\")]
fn nothing_in_the_definition_becomes_code(#[case] evil: &str) {
    let skeletons = ["", evil].map(|evil| {
        let definition = tainted(evil);
        let names: Vec<_> = operations(&definition).into_iter().flatten().map(|each| each.name).collect();
        let source = module(&definition);
        assert!(
            !source.to_lowercase().contains("</script"),
            "com {} nos textos da definição, o módulo contém «</script», que encerraria a página que o trouxesse",
            shown(evil)
        );
        Module::read(&source).skeleton(&names).into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let [clean, dirty] = skeletons;
    let change = clean.iter().zip(&dirty).position(|(a, b)| a != b).unwrap_or(clean.len().min(dirty.len()));
    let around =
        |list: &[String]| list[change.saturating_sub(4).min(list.len())..(change + 6).min(list.len())].join(" ");
    expect_same!(
        clean,
        dirty,
        "o código mudou com {} no fim dos nomes e textos da definição, que só podia mudar textos e comentários: onde estava {} \
         ficou {}",
        shown(evil),
        shown(&around(&clean)),
        shown(&around(&dirty))
    );
}

mod edges;
