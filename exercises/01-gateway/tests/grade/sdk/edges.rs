//! Os cantos: textos que se juntam de novo, nomes incomuns, a ordem das perguntas e o módulo inteiro.

use std::collections::BTreeMap;

use gateway::definition::{Definition, HttpMethod, MethodDefinition, Protocol, weather};
use gateway::javascript::CORE;
use gateway::model::Method::{self, Delete, Get, Post};
use gateway::sdk::{GetSdkError, comment, get_sdk, literal, method_name, operations, render};
use rstest::rstest;
use serde_json::json;

use crate::support::expect_same;
use crate::support::javascript::Module;
use crate::support::sdk::{module, plan, shown, tainted};

/// O nome de caminhos incomuns: só ASCII, caixa da primeira palavra, dígito no meio, nenhuma palavra
#[rstest]
#[case::capital(Get, "/Cities", "citiesGet")]
#[case::dot(Get, "/v1.0/x", "v10XGet")]
#[case::accent(Get, "/previsões", "previsEsGet")]
#[case::digit_in_the_middle(Get, "/a/7b", "a7bGet")]
#[case::no_words(Delete, "/-/", "rootDelete")]
fn unusual_paths_have_names_too(#[case] method: Method, #[case] path: &str, #[case] expected: &str) {
    let got = method_name(path, method);
    expect_same!(
        got,
        expected,
        "{method} {path} vira {expected}, e a sua função deu {got}. Palavras são letras e dígitos ASCII, a primeira começa \
         minúscula, e o _ só vem antes de um nome que começaria com um dígito"
    );
}

/// Um literal fica numa linha e não fecha nenhuma marcação, seja o valor o que for
#[rstest]
#[case::capitals(json!("</SCRIPT>"))]
#[case::another_tag(json!("</style>"))]
#[case::an_object(json!({ "a": [1, "b*/"], "</c>": null }))]
fn any_literal_stays_in_its_place(#[case] value: serde_json::Value) {
    let got = literal(&value);
    let read = serde_json::from_str::<serde_json::Value>(&got).ok();
    expect_same!(read.as_ref(), Some(&value), "o literal de {value} se lê de volta igual; o seu é {got}");
    for escape in ["*/", "</", "\n"] {
        assert!(
            !got.contains(escape),
            "o literal de {value} não pode conter {}; o seu é {}",
            shown(escape),
            shown(&got)
        );
    }
}

/// Tirar um pedaço de um comentário não pode juntar outro
#[rstest]
#[case::star_break_slash("*\n/ alert(1)")]
#[case::less_break_slash("<\r\n/script>")]
#[case::nested("**//")]
fn a_comment_does_not_come_together_again(#[case] text: &str) {
    let got = comment(text);
    for escape in ["*/", "</", "\n", "\r"] {
        assert!(
            !got.contains(escape),
            "o comentário de {} não pode conter {}, nem quando sobra das trocas; o seu é {}",
            shown(text),
            shown(escape),
            shown(&got)
        );
    }
}

/// Quem decide se há corpo é o modelo, não o verbo
#[rstest]
#[case::post_without_a_model(MethodDefinition::new(Post, "/a", ""), false)]
#[case::delete_with_a_model(MethodDefinition::new(Delete, "/a", "").receiving("Alert"), true)]
fn the_model_decides_if_there_is_a_body(#[case] method: MethodDefinition, #[case] body: bool) {
    let what = format!("{:?} com o modelo {:?}", method.http_method, method.request_model);
    let got = plan(method);
    expect_same!(got.body, body, "{what} tem corpo: {body}; no seu plano, {}", got.body);
    expect_same!(
        got.required,
        Vec::<String>::new(),
        "o corpo não é um parâmetro de `required`; o seu tem {:?}",
        got.required
    );
}

/// Nomes que só diferem na caixa não se chocam, e `ANY` não tem nome
#[test]
fn names_that_differ_in_case_do_not_clash() {
    let any = MethodDefinition { http_method: HttpMethod::Any, ..MethodDefinition::new(Get, "/ab", "") };
    let methods = vec![MethodDefinition::new(Get, "/ab", ""), MethodDefinition::new(Get, "/a/b", ""), any];
    let got = operations(&Definition { methods, ..weather() });
    let got = got.map(|list| list.into_iter().map(|each| each.name).collect::<Vec<_>>());
    let expected = Ok(vec!["abGet".to_owned(), "aBGet".to_owned()]);
    expect_same!(got, expected, "/ab, /a/b e um ANY em /ab dão abGet e aBGet; a sua função deu {got:?}");
}

/// Com mais de um problema, responde o primeiro da lista da página
#[rstest]
#[case::protocol_before_deployment(Protocol::Http, "", "nada", "cobol", GetSdkError::NotRest)]
#[case::websocket(Protocol::WebSocket, "prod", "prod", "javascript", GetSdkError::NotRest)]
#[case::deployment_before_stage(Protocol::Rest, "", "nada", "cobol", GetSdkError::NeverDeployed)]
fn the_first_question_answers(
    #[case] protocol: Protocol,
    #[case] stages: &str,
    #[case] stage: &str,
    #[case] sdk_type: &str,
    #[case] expected: GetSdkError,
) {
    let definition =
        Definition { protocol, stages: stages.split_whitespace().map(str::to_owned).collect(), ..weather() };
    let got = get_sdk(&definition, stage, sdk_type, &BTreeMap::new()).map(|module| format!("{} bytes", module.len()));
    expect_same!(
        got,
        Err(expected.clone()),
        "API {protocol:?} com os stages `{stages}`, pedido de {sdk_type} para {stage}: a primeira pergunta que falha é \
         `{expected}`; a sua função respondeu {got:?}"
    );
}

/// O endereço padrão é o do stage pedido
#[test]
fn the_base_url_is_the_one_of_the_stage() {
    let definition = weather();
    let Ok(operations) = operations(&definition) else { panic!("a API do tempo não tem nada de errado") };
    let source = render(&definition, "dev", &operations);
    let got = Module::read(&source).after(&["baseUrl", "="]).map(str::to_owned);
    let expected = literal(&definition.base_url("dev"));
    let read = got.as_deref().and_then(|text| serde_json::from_str::<String>(text).ok());
    expect_same!(
        read.as_deref(),
        Some("https://a1b2c3d4e5.execute-api.sa-east-1.amazonaws.com/dev"),
        "o stage pedido é dev, e o padrão de baseUrl é {expected}; no seu módulo é {got:?}"
    );
}

/// O módulo inteiro não fecha a página em que alguém o puser
#[test]
fn the_whole_module_never_closes_a_page() {
    let source = module(&tainted("</script>\u{2028}"));
    let own = source.replace(CORE, "");
    for escape in ["</", "\u{2028}"] {
        assert!(
            !own.contains(escape),
            "o módulo, fora o miolo, não pode ter {}, que veio dos textos da definição: o plano também passa por literal",
            shown(escape)
        );
    }
}

/// A mesma definição dá sempre o mesmo módulo
#[test]
fn the_same_definition_gives_the_same_module() {
    let modules = [module(&weather()), module(&weather()), module(&weather())];
    assert!(
        modules.iter().all(|each| *each == modules[0]),
        "o módulo sai byte por byte igual: quem o guarda no repositório vê só o que mudou. Três chamadas deram módulos \
         diferentes"
    );
}
