//! Os testes do passo `routing`: casar um caminho, criar recursos e escolher a rota nos dois tipos de API.

use gateway::model::{GatewayResponseType, Refusal, Response};
use gateway::route_key::{PathPart, template};
use gateway::routing::{CreateResourceError, RestApi, StageMatch, capture};
use kit::Random;
use rstest::rstest;

use crate::support::expect_same;
use crate::support::routes::{expect_http, expect_rest, http, list, parameters, request, rest, show};

/// A API do Escritório de Meteorologia.
const WEATHER: [&str; 8] = [
    "GET /cities",
    "GET /cities/{city}",
    "GET /cities/{city}/forecast",
    "GET /alerts",
    "POST /alerts",
    "DELETE /alerts/{alertId}",
    "ANY /stations/{station}/{proxy+}",
    "GET /health",
];

/// Um caminho casa segmento a segmento, e os parâmetros guardam o que veio na URL.
#[rstest]
#[case::the_root("/", "/", "")]
#[case::two_parameters("/cities/{city}/days/{day}", "/cities/vale-verde/days/2", "city=vale-verde, day=2")]
#[case::greedy_with_one_segment("/stations/{proxy+}", "/stations/st-7", "proxy=st-7")]
#[case::greedy_takes_the_rest("/{proxy+}", "/stations/st-7/rain/today", "proxy=stations/st-7/rain/today")]
#[case::greedy_after_a_parameter(
    "/stations/{station}/{path+}",
    "/stations/st-7/rain/today",
    "station=st-7, path=rain/today"
)]
#[case::a_trailing_slash_is_ignored("/cities/{city}", "/cities/serra-clara/", "city=serra-clara")]
#[case::nothing_is_decoded("/cities/{city}", "/cities/S%C3%A3o%20Jos%C3%A9", "city=S%C3%A3o%20Jos%C3%A9")]
#[case::not_even_in_the_greedy("/maps/{proxy+}", "/maps/vale%2Fverde/1%20km", "proxy=vale%2Fverde/1%20km")]
fn a_path_matches_one_segment_at_a_time(#[case] resource: &str, #[case] path: &str, #[case] captured: &str) {
    let expected = parameters(captured);
    match capture(&template(resource), path) {
        Some(found) => expect_same!(
            found,
            expected,
            "`{path}` casa com `{resource}` ({}); o seu `capture` guardou: {}",
            show(&expected),
            show(&found)
        ),
        None => panic!("`{path}` casa com `{resource}` ({}); o seu `capture` devolveu None", show(&expected)),
    }
}

/// Um segmento a mais, a menos ou diferente não casa, e o guloso precisa de pelo menos um.
#[rstest]
#[case::other_text("/cities", "/alerts")]
#[case::one_segment_too_many("/cities/{city}", "/cities/serra-clara/forecast")]
#[case::only_the_beginning("/alert", "/alerts")]
#[case::greedy_needs_a_segment_below("/stations/{station}/{proxy+}", "/stations/st-7")]
fn a_path_with_another_shape_does_not_match(#[case] resource: &str, #[case] path: &str) {
    if let Some(found) = capture(&template(resource), path) {
        panic!("`{path}` não casa com `{resource}`; o seu `capture` casou, com: {}", show(&found));
    }
}

/// A AWS recusa o filho de um guloso, o segundo filho com parâmetro e o nome repetido.
#[rstest]
#[case::child_of_greedy("GET /{proxy+}", "GET /{proxy+}/rain", CreateResourceError::GreedyParent("{proxy+}".into()))]
#[case::parameter_below_greedy(
    "ANY /stations/{path+}",
    "GET /stations/{path+}/{day}",
    CreateResourceError::GreedyParent("{path+}".into())
)]
#[case::parameter_beside_greedy(
    "GET /{proxy+}",
    "GET /{city}",
    CreateResourceError::VariableSibling("{proxy+}".into())
)]
#[case::greedy_beside_parameter(
    "GET /cities/{city}",
    "GET /cities/{proxy+}",
    CreateResourceError::VariableSibling("{city}".into())
)]
fn a_resource_the_tree_cannot_hold_is_refused(
    #[case] existing: &str,
    #[case] new: &str,
    #[case] expected: CreateResourceError,
) {
    let mut api = rest(&[existing]);
    match api.define(new) {
        Ok(()) => panic!("com `{existing}` na API, a AWS recusa `{new}`: `{expected}`; a sua API aceitou"),
        Err(error) => expect_same!(
            error.to_string(),
            expected.to_string(),
            "com `{existing}` na API, a AWS recusa `{new}` com `{expected}`; a sua API recusou com `{error}`"
        ),
    }
}

/// O mesmo texto fixo duas vezes sob o mesmo pai é recusado.
#[rstest]
fn the_same_name_twice_below_a_parent_is_refused() {
    let mut api = RestApi::new();
    let root = api.root();
    let cities = api.create_resource(root, "cities").expect("a raiz não tem filhos");
    let again = api.create_resource(root, "cities");
    let message = "Another resource with the same parent already has this name: cities";
    let shown = match &again {
        Ok(_) => "aceitou".to_owned(),
        Err(error) => format!("recusou com `{error}`"),
    };
    expect_same!(
        again.map_err(|error| error.to_string()),
        Err(message.to_owned()),
        "a raiz já tem um filho `cities`: a AWS recusa com `{message}`; o seu `create_resource` {shown}"
    );
    if let Err(error) = api.create_resource(cities, "cities") {
        panic!("`/cities/cities` tem outro pai e pode existir; o seu `create_resource` recusou com `{error}`");
    }
}

/// Um texto fixo convive com um irmão que tem parâmetro, e cada pai pode ter o seu guloso.
#[rstest]
fn a_static_resource_lives_beside_a_variable_one() {
    let api = rest(&["ANY /{proxy+}", "GET /cities/{city}", "GET /cities/new", "ANY /cities/{city}/{proxy+}", "GET /"]);
    let root: Vec<String> = api.children(api.root()).map(PathPart::to_string).collect();
    expect_same!(
        root,
        ["{proxy+}", "cities"],
        "a raiz tem dois filhos, `{{proxy+}}` e `cities`; na sua API tem {}",
        list(&root)
    );
}

/// Cada chamada à API de meteorologia vai ao seu método.
#[rstest]
#[case::one_city("GET /cities/serra-clara", "GET /cities/{city}", "city=serra-clara")]
#[case::the_query_is_not_the_path(
    "GET /cities/vale-verde/forecast?days=3",
    "GET /cities/{city}/forecast",
    "city=vale-verde"
)]
#[case::any_and_greedy(
    "PUT /stations/st-7/rain/today",
    "ANY /stations/{station}/{proxy+}",
    "station=st-7, proxy=rain/today"
)]
#[case::trailing_slash("GET /health/", "GET /health", "")]
fn the_weather_api_routes_each_call(#[case] line: &str, #[case] route: &str, #[case] captured: &str) {
    expect_rest(&rest(&WEATHER), line, route, captured, "o recurso é o que casa com o caminho e tem o método");
}

/// Texto fixo ganha de parâmetro, que ganha de guloso, em qualquer ordem de criação.
#[rstest]
#[case::static_wins("GET /cities/serra-clara", "GET /cities/serra-clara", "")]
#[case::then_the_parameter("GET /cities/vale-verde", "GET /cities/{city}", "city=vale-verde")]
#[case::then_the_greedy("GET /cities/vale-verde/map", "GET /{proxy+}", "proxy=cities/vale-verde/map")]
#[case::the_closest_greedy("GET /stations/st-7/rain", "GET /stations/{path+}", "path=st-7/rain")]
fn the_most_specific_resource_wins_in_any_order(#[case] line: &str, #[case] route: &str, #[case] captured: &str) {
    for seed in 1..=12 {
        let mut random = Random::new(seed);
        let mut rest_of = vec![
            "GET /{proxy+}",
            "GET /cities/{city}",
            "GET /cities/serra-clara",
            "GET /cities",
            "GET /stations/{path+}",
        ];
        let mut order = Vec::new();
        while let Some(last) = rest_of.len().checked_sub(1) {
            let index = random.between(0..=last as u64);
            order.push(rest_of.swap_remove(usize::try_from(index).expect("cabe em usize")));
        }
        let rule = format!("criados na ordem {}, o mais específico ganha", list(&order));
        expect_rest(&rest(&order), line, route, captured, &rule);
    }
}

/// Decide o primeiro segmento em que os caminhos diferem, da esquerda para a direita.
#[rstest]
#[case::static_then_parameter("GET /cities/today", "GET /cities/{city}", "city=today")]
#[case::one_static_against_two(
    "GET /alerts/vale-verde/today",
    "GET /alerts/{city}/{day}",
    "city=vale-verde, day=today"
)]
#[case::static_then_greedy("GET /stations/roles", "GET /stations/{path+}", "path=roles")]
#[case::a_longer_resource("GET /stations/st-7/roles", "GET /stations/{path+}", "path=st-7/roles")]
fn the_first_segment_that_differs_decides(#[case] line: &str, #[case] route: &str, #[case] captured: &str) {
    let mut routes = [
        "GET /{kind}/today",
        "GET /cities/{city}",
        "GET /{kind}/vale-verde/today",
        "GET /alerts/{city}/{day}",
        "GET /{kind}/roles",
        "GET /{kind}/{id}/roles",
        "GET /stations/{path+}",
    ];
    for _ in 0..2 {
        routes.reverse();
        let rule = format!(
            "a comparação é da esquerda para a direita, e o primeiro segmento diferente já decide; a API tem {}",
            list(&routes)
        );
        expect_rest(&rest(&routes), line, route, captured, &rule);
    }
}

/// Um recurso sem o método da requisição não é candidato: a escolha passa ao próximo.
#[rstest]
#[case::method_only_in_the_greedy("OPTIONS /test", "OPTIONS /{proxy+}", "proxy=test")]
#[case::any_has_the_method("OPTIONS /test/any", "ANY /test/any", "")]
#[case::a_resource_without_methods("OPTIONS /test/any/deep", "OPTIONS /{proxy+}", "proxy=test/any/deep")]
#[case::static_without_the_method("GET /users/me", "GET /users/{userId}", "userId=me")]
#[case::neither_has_the_method("OPTIONS /users/me", "OPTIONS /{proxy+}", "proxy=users/me")]
fn a_resource_without_the_method_is_not_a_candidate(#[case] line: &str, #[case] route: &str, #[case] captured: &str) {
    let routes = [
        "POST /test",
        "ANY /test/any",
        "GET /test/any/deep/end",
        "PATCH /users/me",
        "GET /users/{userId}",
        "OPTIONS /{proxy+}",
    ];
    let rule = format!("a escolha leva o método em conta, e a API tem {}", list(&routes));
    expect_rest(&rest(&routes), line, route, captured, &rule);
}

/// No mesmo recurso, o método específico ganha de ANY, criado antes ou depois.
#[rstest]
fn a_specific_method_beats_any() {
    for routes in [["ANY /alerts", "POST /alerts"], ["POST /alerts", "ANY /alerts"]] {
        let api = rest(&routes);
        let rule = "no mesmo recurso, o método específico ganha de ANY, que fica com os outros";
        expect_rest(&api, "POST /alerts", "POST /alerts", "", rule);
        expect_rest(&api, "HEAD /alerts", "ANY /alerts", "", rule);
    }
}

/// Recurso que não existe e método que não existe dão a mesma recusa.
#[rstest]
#[case::unknown_resource("GET /alert")]
#[case::unknown_method("PUT /alerts")]
#[case::head_is_not_get("HEAD /cities")]
#[case::greedy_without_the_rest("GET /stations/st-7")]
fn nothing_found_is_always_the_same_refusal(#[case] line: &str) {
    let expected = Refusal::new(GatewayResponseType::MissingAuthenticationToken, "Missing Authentication Token");
    match rest(&WEATHER).route(&request(line)) {
        Ok(found) => panic!(
            "nenhum método da API atende `{line}`: a recusa é {expected}; a sua API escolheu {} {}",
            found.method, found.resource_path
        ),
        Err(refusal) => expect_same!(
            refusal,
            expected,
            "nenhum método da API atende `{line}`, falte o recurso ou o método: a recusa é {expected}; a da sua API é \
             {refusal}"
        ),
    }
}

/// O primeiro segmento escolhe o stage se for o nome de um; senão, vale $default com o caminho inteiro.
#[rstest]
#[case::named("/dev/users/7", "dev", "/users/7")]
#[case::only_the_name("/dev", "dev", "/")]
#[case::longer_than_the_name("/devices/7", "$default", "/devices/7")]
#[case::not_the_first_segment("/users/dev", "$default", "/users/dev")]
fn the_first_segment_chooses_the_stage(#[case] path: &str, #[case] stage: &str, #[case] rest: &str) {
    let found = http(&["dev", "$default"], &[]).select_stage(path);
    let shown = match &found {
        Some(found) => format!("escolheu `{}` com o caminho `{}`", found.stage, found.path),
        None => "não escolheu nenhum".to_owned(),
    };
    expect_same!(
        found,
        Some(StageMatch { stage: stage.to_owned(), path: rest.to_owned() }),
        "a API tem os stages `dev` e `$default`: para `{path}` a AWS escolhe `{stage}` com o caminho `{rest}`; a sua API \
         {shown}"
    );
}

/// O exemplo do guia: casamento pleno, guloso e $default, nesta ordem.
#[rstest]
#[case::full_match("GET /pets/dog/1", "GET /pets/dog/1", "")]
#[case::full_match_with_a_parameter("GET /pets/dog/2", "GET /pets/dog/{id}", "id=2")]
#[case::greedy("GET /pets/cat/1", "GET /pets/{proxy+}", "proxy=cat/1")]
#[case::any_with_greedy("POST /test/5", "ANY /{proxy+}", "proxy=test/5")]
#[case::default("GET /", "$default", "")]
fn the_example_of_the_guide(#[case] line: &str, #[case] route: &str, #[case] captured: &str) {
    let mut routes = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"];
    for _ in 0..routes.len() {
        routes.rotate_left(1);
        let rule = format!("com as rotas {}, em qualquer ordem", list(&routes));
        expect_http(&http(&["$default"], &routes), line, "$default", route, captured, &rule);
    }
}

/// Um casamento pleno ganha de qualquer guloso, mesmo que o parâmetro venha antes; e ANY fica com o que sobra do caminho.
#[rstest]
#[case::parameter_before_static("GET /stations/roles", "GET /{kind}/roles", "kind=stations")]
#[case::parameter_beside_greedy("GET /users/7", "GET /users/{userId}", "userId=7")]
#[case::other_methods("DELETE /users/7", "ANY /users/{userId}", "userId=7")]
fn a_full_match_beats_every_greedy_route(#[case] line: &str, #[case] route: &str, #[case] captured: &str) {
    let routes = [
        "GET /stations/{proxy+}",
        "GET /users/{proxy+}",
        "ANY /users/{userId}",
        "GET /users/{userId}",
        "GET /{kind}/roles",
        "$default",
    ];
    let rule =
        format!("um casamento pleno de método e caminho vem antes dos gulosos, e as rotas são {}", list(&routes));
    expect_http(&http(&["$default"], &routes), line, "$default", route, captured, &rule);
}

/// Dentro do mesmo grupo, decide o primeiro segmento em que os caminhos diferem, em qualquer ordem de criação.
#[rstest]
#[case::full_matches("GET /cities/today", "GET /cities/{day}", "day=today")]
#[case::one_static_against_two(
    "GET /alerts/vale-verde/today",
    "GET /alerts/{city}/{day}",
    "city=vale-verde, day=today"
)]
#[case::greedy_routes("GET /pets/cat/1", "GET /pets/{proxy+}", "proxy=cat/1")]
#[case::greedy_below_a_parameter("GET /pets/dog/1", "GET /pets/{proxy+}", "proxy=dog/1")]
fn inside_a_group_the_first_segment_that_differs_decides(
    #[case] line: &str,
    #[case] route: &str,
    #[case] captured: &str,
) {
    let mut routes = [
        "GET /{kind}/today",
        "GET /cities/{day}",
        "GET /{kind}/vale-verde/today",
        "GET /alerts/{city}/{day}",
        "GET /{proxy+}",
        "GET /{kind}/dog/{proxy+}",
        "GET /pets/{proxy+}",
    ];
    for _ in 0..2 {
        routes.reverse();
        let rule = format!(
            "entre duas rotas do mesmo grupo, o primeiro segmento diferente decide, da esquerda para a direita; as rotas \
             são {}",
            list(&routes)
        );
        expect_http(&http(&["$default"], &routes), line, "$default", route, captured, &rule);
    }
}

/// O stage é escolhido antes da rota, e o nome dele sai do caminho.
#[rstest]
fn the_route_is_chosen_inside_the_stage() {
    let api = http(&["dev", "$default"], &["GET /users/{userId}", "GET /devices", "$default"]);
    let rule = "primeiro o stage, depois a rota";
    expect_http(&api, "GET /dev/users/7?full=1", "dev", "GET /users/{userId}", "userId=7", rule);
    expect_http(&api, "GET /users/7", "$default", "GET /users/{userId}", "userId=7", rule);
    expect_http(&api, "GET /devices", "$default", "GET /devices", "", rule);
    expect_http(&api, "GET /dev/photo", "dev", "$default", "", rule);
    expect_http(&api, "POST /photo", "$default", "$default", "", rule);
}

/// Sem stage ou sem rota, a resposta é 404 Not Found.
#[rstest]
#[case::no_stage(&["dev"], "GET /users/7")]
#[case::no_method(&["$default"], "PUT /users/7")]
#[case::a_named_stage_hides_the_route(&["dev", "$default"], "GET /dev/photo")]
fn nothing_found_is_a_404(#[case] stages: &[&str], #[case] line: &str) {
    let routes = ["GET /users/{userId}", "POST /users", "GET /dev/photo"];
    let expected = Response::message(404, "Not Found");
    match http(stages, &routes).route(&request(line)) {
        Ok(found) => panic!(
            "com os stages {} e as rotas {}, `{line}` não tem rota: 404 {}; a sua API escolheu o stage {}, rota {}",
            list(stages),
            list(&routes),
            expected.body_text(),
            found.stage,
            found.route_key
        ),
        Err(response) => expect_same!(
            response,
            expected,
            "`{line}` não tem rota: a resposta é 404 {}; a da sua API é {} {}",
            expected.body_text(),
            response.status,
            response.body_text()
        ),
    }
}
