//! Os testes do passo `stages`: variáveis, cópias, stages, o canary e a promoção dele.

use gateway::stages::{Api, DeploymentId, StageError, StageVariables, VariableError, render_uri};
use kit::Random;
use kit::text::count;
use rstest::rstest;

use crate::support::expect_same;
use crate::support::releases::{
    Forecast, accepted, canary, expect_served, flag, percent, refused, select, show, variables,
};

const V1: Forecast = "forecast:v1";
const V2: Forecast = "forecast:v2";
const V3: Forecast = "forecast:v3";

const DEPLOY: &str = "um deployment comum num stage sem canary é aceito";
const CANARY: &str = "um deployment de canary num stage que existe é aceito";

/// Uma API com `V1` publicada em `prod`, e `V2` em edição.
#[track_caller]
fn published(stage_variables: &str) -> Api<Forecast> {
    let mut api = Api::new(V1);
    let deployment = api.snapshot();
    accepted("`prod` é um stage novo", api.create_stage("prod", deployment, variables(stage_variables)));
    api.configuration = V2;
    api
}

/// Um texto entre crases, ou só o começo de um longo.
fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => format!("`{text}`"),
        Some(_) => format!("`{}…`, de {} caracteres,", &text[..8], text.chars().count()),
    }
}

/// Nomes e valores dentro das regras são guardados, até no limite.
#[rstest]
#[case::short("alias", "v2")]
#[case::every_kind_of_character("Host_2", "a.example.com:8080/~x-1/?q=1&r=2,3#top_4")]
#[case::at_the_limit(&"n".repeat(64), &"v".repeat(512))]
fn a_valid_variable_is_kept(#[case] name: &str, #[case] value: &str) {
    let mut variables = StageVariables::new();
    if let Err(error) = variables.set(name, value) {
        panic!(
            "{} com o valor {} está dentro das regras; o seu `set` recusou com `{error}`",
            short(name),
            short(value)
        );
    }
    let found = variables.get(name);
    expect_same!(
        found,
        Some(value),
        "{} passa a valer {}; depois do seu `set` vale {}",
        short(name),
        short(value),
        found.map_or("nada".to_owned(), short)
    );
}

/// Um nome ou um valor fora das regras é recusado, e nada muda.
#[rstest]
#[case::hyphen_in_the_name("alias-name", "v2", VariableError::Name("alias-name".into()))]
#[case::dot_in_the_name("alias.name", "v2", VariableError::Name("alias.name".into()))]
#[case::accent_in_the_name("previsão", "v2", VariableError::Name("previsão".into()))]
#[case::dollar_in_the_value("alias", "$LATEST", VariableError::Value("$LATEST".into()))]
#[case::plus_in_the_value("version", "v2+1", VariableError::Value("v2+1".into()))]
#[case::percent_in_the_value("share", "10%", VariableError::Value("10%".into()))]
#[case::at_sign_in_the_value("contact", "ana@example.com", VariableError::Value("ana@example.com".into()))]
#[case::accent_in_the_value("city", "São_José", VariableError::Value("São_José".into()))]
#[case::empty_value("alias", "", VariableError::Value(String::new()))]
#[case::long_name(&"n".repeat(65), "v2", VariableError::LongName)]
#[case::long_value("alias", &"v".repeat(513), VariableError::LongValue)]
fn a_variable_outside_the_rules_is_refused(#[case] name: &str, #[case] value: &str, #[case] expected: VariableError) {
    let mut set = variables("alias=v1");
    match set.set(name, value) {
        Ok(()) => {
            panic!("{} com o valor {}: a AWS recusa ({expected}); o seu `set` aceitou", short(name), short(value))
        }
        Err(error) => expect_same!(
            error,
            expected,
            "{} com o valor {}: a AWS recusa com `{expected}`; o seu `set` recusou com `{error}`",
            short(name),
            short(value)
        ),
    }
    expect_same!(
        set,
        variables("alias=v1"),
        "uma variável recusada não muda nada; depois do seu `set` ficou: {}",
        show(&set)
    );
}

/// Um stage tem até 100 variáveis; trocar o valor de uma delas não é acrescentar.
#[rstest]
fn a_stage_has_up_to_100_variables() {
    let mut variables = StageVariables::new();
    for number in 1..=100 {
        if let Err(error) = variables.set(&format!("v{number}"), "1") {
            panic!("a {number}ª variável cabe nas 100; o seu `set` recusou com `{error}`");
        }
    }
    let result = variables.set("v101", "1");
    let shown = result.as_ref().map_or_else(|error| format!("recusou com `{error}`"), |()| "aceitou".to_owned());
    expect_same!(
        result,
        Err(VariableError::TooMany),
        "a 101ª variável passa das 100, e a recusa é `{}`; o seu `set` {shown}",
        VariableError::TooMany
    );
    if let Err(error) = variables.set("v100", "2") {
        panic!("`v100` já existe e só troca de valor; o seu `set` recusou com `{error}`");
    }
    let found = variables.get("v100");
    expect_same!(found, Some("2"), "`v100` passou de 1 a 2; depois do seu `set` vale {}", found.unwrap_or("nada"));
}

/// As referências a variáveis são trocadas pelo valor, e o resto da URI fica como está.
#[rstest]
#[case::domain("https://${stageVariables.host}/cities", "https://api.example.com/cities")]
#[case::subdomain("https://${stageVariables.alias}.example.com", "https://v2.example.com")]
#[case::query("https://example.com/?v=${stageVariables.alias}", "https://example.com/?v=v2")]
#[case::lambda_alias(
    "arn:aws:lambda:sa-east-1:123456789012:function:forecast:${stageVariables.alias}/invocations",
    "arn:aws:lambda:sa-east-1:123456789012:function:forecast:v2/invocations"
)]
#[case::twice("https://${stageVariables.host}/${stageVariables.alias}", "https://api.example.com/v2")]
#[case::other_placeholders("https://${host}/{city}?a=${alias}", "https://${host}/{city}?a=${alias}")]
fn a_reference_becomes_the_value(#[case] uri: &str, #[case] expected: &str) {
    let variables = variables("alias=v2, host=api.example.com");
    let found = render_uri(uri, &variables);
    expect_same!(
        found,
        expected,
        "com as variáveis {}, `{uri}` vira `{expected}`; o seu `render_uri` deu `{found}`",
        show(&variables)
    );
}

/// Uma mudança só aparece depois de um novo deployment.
#[rstest]
fn a_change_is_served_only_after_a_deployment() {
    let mut api = published("alias=v1");
    expect_served(&api, "prod", V1, "alias=v1", "a configuração mudou e ninguém publicou");
    accepted(DEPLOY, api.create_deployment("prod"));
    api.configuration = V3;
    expect_served(&api, "prod", V2, "alias=v1", "a mudança foi publicada, e depois dela veio outra, que não foi");
}

/// Vários stages convivem, cada um no seu deployment e com as suas variáveis.
#[rstest]
fn stages_live_side_by_side() {
    let mut api = published("alias=stable");
    accepted("`dev` é um stage novo", api.create_deployment("dev"));
    expect_served(&api, "dev", V2, "", "um stage criado por um deployment começa nele, sem variáveis");
    expect_served(&api, "prod", V1, "alias=stable", "publicar em `dev` não mexe em `prod`");
    accepted("dois stages podem ter o mesmo deployment", api.update_deployment("dev", DeploymentId(1)));
    expect_served(&api, "dev", V1, "", "os dois stages apontam para o primeiro deployment");
    let found = api.select("homolog", &mut Random::new(1)).map(|selected| selected.deployment_id.to_string());
    expect_same!(found, None, "a API não tem o stage `homolog`; o seu `select` escolheu um deployment");
}

/// Voltar é apontar o stage para um deployment anterior, que não mudou.
#[rstest]
fn a_rollback_points_the_stage_at_an_older_deployment() {
    let mut api = published("alias=v1");
    let second = accepted(DEPLOY, api.create_deployment("prod"));
    api.configuration = V3;
    let back = "o deployment d1 ainda existe, e o stage pode voltar a ele";
    accepted(back, api.update_deployment("prod", DeploymentId(1)));
    expect_served(&api, "prod", V1, "alias=v1", "o stage voltou ao primeiro deployment, sem publicar nada");
    accepted("o stage pode ir ao segundo outra vez", api.update_deployment("prod", second));
    expect_served(&api, "prod", V2, "alias=v1", "o stage foi ao segundo deployment, que não mudou");

    let unknown = api.update_deployment("prod", DeploymentId(9));
    refused("a API não tem o deployment d9", unknown, &StageError::UnknownDeployment);
    let unknown = api.update_deployment("homolog", second);
    refused("a API não tem o stage `homolog`", unknown, &StageError::UnknownStage);
}

/// Um deployment num stage novo confere o nome e o limite de 10, e uma recusa não cria deployment.
#[rstest]
#[case::space("prod 2")]
#[case::default("$default")]
#[case::too_long(&"s".repeat(129))]
fn a_new_stage_needs_a_valid_name(#[case] name: &str) {
    let mut api = published("");
    let result = api.create_deployment(name);
    refused("só letras, dígitos, `-` e `_`, até 128", result, &StageError::InvalidStageName(name.to_owned()));
    let next = accepted(DEPLOY, api.create_deployment("prod"));
    expect_same!(
        next,
        DeploymentId(2),
        "o deployment recusado não foi criado, e o próximo é o d2; na sua API foi o {next}"
    );
}

/// A API tem até 10 stages; um deployment num que já existe continua a ser aceito.
#[rstest]
fn an_api_has_up_to_10_stages() {
    let mut api = published("");
    for number in 2..=10 {
        accepted("cabem 10 stages", api.create_deployment(&format!("stage-{number}")));
    }
    refused("é o 11º stage", api.create_deployment("stage-11"), &StageError::TooManyStages);
    accepted("`prod` já existe e não conta de novo", api.create_deployment("prod"));
}

/// O canary recebe o deployment novo e o stage fica no antigo.
#[rstest]
fn a_canary_deployment_leaves_the_stage_where_it_is() {
    let mut api = published("alias=v1");
    let before = select(&api, "prod", 1).is_canary_request;
    expect_same!(before, None, "sem canary, `isCanaryRequest` não existe; na sua API é {}", flag(before));

    let second = accepted(CANARY, api.create_canary_deployment("prod", canary(0.0, "")));
    expect_served(&api, "prod", V1, "alias=v1", "o canary recebe 0% das requisições");
    let away = select(&api, "prod", 1).is_canary_request;
    expect_same!(
        away,
        Some(false),
        "o stage tem canary e a requisição não foi a ele: `isCanaryRequest` é false; na sua API é {}",
        flag(away)
    );

    accepted("o canary existe", api.update_percent_traffic("prod", percent(100.0)));
    expect_served(&api, "prod", V2, "alias=v1", "o canary recebe 100% das requisições");
    let diverted = select(&api, "prod", 1);
    expect_same!(
        (diverted.deployment_id, diverted.is_canary_request),
        (second, Some(true)),
        "a requisição foi ao canary, que serve {second}; a sua API serviu {}, com `isCanaryRequest` {}",
        diverted.deployment_id,
        flag(diverted.is_canary_request)
    );

    let missing = api.create_canary_deployment("homolog", canary(10.0, ""));
    let expected = StageError::CanaryWithoutStage("homolog".to_owned());
    refused("a API não tem o stage `homolog`", missing, &expected);
    let next = accepted(CANARY, api.create_canary_deployment("prod", canary(10.0, "")));
    expect_same!(
        next,
        DeploymentId(3),
        "o deployment recusado não gastou um número, e o próximo é o d3; na sua API foi o {next}"
    );
}

/// Cada requisição é sorteada: vai ao canary se a porcentagem é maior que o número sorteado vezes 100.
#[rstest]
#[case::none(0.0, 0)]
#[case::a_tenth(0.1, 1)]
#[case::ten_and_a_half(10.5, 103)]
#[case::half(50.0, 525)]
#[case::almost_all(99.9, 998)]
#[case::all(100.0, 1000)]
fn each_request_is_drawn(#[case] traffic: f64, #[case] expected: usize) {
    let (mut draws, mut same) = (Random::new(7), Random::new(7));
    let (mut diverted, shown) = (0, traffic.to_string().replace('.', ","));
    for number in 1..=1000 {
        let should = traffic > same.fraction() * 100.0;
        let does = percent(traffic).diverts(&mut draws);
        let tell = |to_canary: bool| if to_canary { "ao canary" } else { "ao stage" };
        expect_same!(
            does,
            should,
            "com percentTraffic {shown} e a semente 7, a {number}ª requisição vai {}; no seu `diverts` foi {}",
            tell(should),
            tell(does)
        );
        diverted += usize::from(does);
    }
    let what = count(diverted, "requisição", "requisições");
    expect_same!(diverted, expected, "com {shown}%, vão {expected} de 1.000 ao canary; com o seu `diverts`, {what}");
}

/// A semente cujo primeiro sorteio é 0,0.
const DRAWS_ZERO: u64 = 0x61C8_8646_80B5_83EB;

/// Com 0% ninguém vai ao canary, nem quando o número sorteado é 0,0.
#[rstest]
#[case::zero_is_not_greater_than_zero(0.0, false)]
#[case::anything_is(0.1, true)]
fn zero_percent_never_diverts(#[case] traffic: f64, #[case] expected: bool) {
    let (drawn, shown) = (Random::new(DRAWS_ZERO).fraction(), traffic.to_string().replace('.', ","));
    expect_same!(drawn, 0.0, "o primeiro sorteio da semente do teste é 0,0, e foi {drawn}");
    let found = percent(traffic).diverts(&mut Random::new(DRAWS_ZERO));
    let tell = |to_canary: bool| if to_canary { "vai ao canary" } else { "fica no stage" };
    expect_same!(
        found,
        expected,
        "o número sorteado é 0,0 e só um `percentTraffic` maior que ele desvia: com {shown} a requisição {}; no seu \
         `diverts` ela {}",
        tell(expected),
        tell(found)
    );
}

/// O sorteio é por requisição: dez chamadas seguidas de um cliente se dividem entre o stage e o canary.
#[rstest]
fn a_client_is_not_kept_in_one_version() {
    let mut api = published("");
    accepted(CANARY, api.create_canary_deployment("prod", canary(50.0, "")));
    let (mut draws, mut same) = (Random::new(3), Random::new(3));
    for number in 1..=10 {
        let expected = if percent(50.0).diverts(&mut same) { V2 } else { V1 };
        let found = api.select("prod", &mut draws).map(|selected| *selected.configuration);
        expect_same!(
            found,
            Some(expected),
            "com 50% e a semente 3, a {number}ª requisição recebe `{expected}`; na sua API, `{}`",
            found.unwrap_or("nada")
        );
    }
}

/// O canary vê as variáveis do stage com as dele por cima; o stage não vê as do canary.
#[rstest]
#[case::on_the_stage(0.0, V1, "alias=v1, table=cities")]
#[case::on_the_canary(100.0, V2, "alias=v2, debug=on, table=cities")]
fn the_canary_overrides_the_variables_of_the_stage(
    #[case] traffic: f64,
    #[case] configuration: Forecast,
    #[case] expected: &str,
) {
    let mut api = published("alias=v1, table=cities");
    accepted(CANARY, api.create_canary_deployment("prod", canary(traffic, "alias=v2, debug=on")));
    let rule = "o stage tem alias=v1, table=cities e o canary põe alias=v2, debug=on por cima";
    expect_served(&api, "prod", configuration, expected, rule);
}

/// Enquanto há canary, o stage recusa deployment comum e não troca de deployment, e nada muda.
#[rstest]
fn a_stage_with_a_canary_takes_no_ordinary_deployment() {
    let mut api = published("");
    accepted(CANARY, api.create_canary_deployment("prod", canary(0.0, "")));
    let expected = StageError::CanaryEnabled("prod".to_owned());
    refused("`prod` tem canary", api.create_deployment("prod"), &expected);
    refused("`prod` tem canary", api.update_deployment("prod", DeploymentId(2)), &expected);
    expect_served(&api, "prod", V1, "", "as duas operações foram recusadas");
    let dev = accepted("o canary é de `prod`, e `dev` é um stage novo", api.create_deployment("dev"));
    expect_same!(
        dev,
        DeploymentId(3),
        "o deployment recusado não foi criado, e o próximo é o d3; na sua API foi o {dev}"
    );
}

/// Outro deployment de canary troca o que havia, com a porcentagem e as variáveis.
#[rstest]
fn another_canary_deployment_replaces_the_canary() {
    let mut api = published("table=cities");
    accepted(CANARY, api.create_canary_deployment("prod", canary(5.0, "alias=v2")));
    api.configuration = V3;
    accepted(CANARY, api.create_canary_deployment("prod", canary(100.0, "debug=on")));
    let rule = "o segundo deployment de canary troca o primeiro: 100%, e só debug=on por cima do stage";
    expect_served(&api, "prod", V3, "debug=on, table=cities", rule);
    accepted("o canary existe", api.update_percent_traffic("prod", percent(0.0)));
    expect_served(&api, "prod", V1, "table=cities", "com 0%, o stage continua no primeiro deployment");
}

/// Promover copia o deployment e as variáveis do canary para o stage e zera a porcentagem; o canary continua lá.
#[rstest]
fn a_promotion_copies_the_canary_and_keeps_it() {
    let mut api = published("alias=v1, table=cities");
    accepted(CANARY, api.create_canary_deployment("prod", canary(25.0, "alias=v2, debug=on")));
    accepted("o canary existe e pode ser promovido", api.promote_canary("prod"));

    let rule = "o canary foi promovido: o stage serve a cópia dele, e as variáveis dele entram por cima das do stage";
    expect_served(&api, "prod", V2, "alias=v2, debug=on, table=cities", rule);
    let stage = api.stage("prod").expect("o stage existe");
    let left = stage
        .canary_settings
        .as_ref()
        .map(|canary| (canary.deployment_id, canary.percent_traffic.get(), show(&canary.stage_variable_overrides)));
    expect_same!(
        left,
        Some((DeploymentId(2), 0.0, "alias=v2, debug=on".to_owned())),
        "depois da promoção o canary continua no stage, em d2, com 0% e as mesmas variáveis; na sua API ficou {}",
        left.as_ref()
            .map_or("sem canary".to_owned(), |(id, traffic, overrides)| format!("{id}, {traffic}%, {overrides}"))
    );
    let expected = StageError::CanaryEnabled("prod".to_owned());
    refused("o canary promovido continua no stage", api.create_deployment("prod"), &expected);
}

/// Tirar o canary deixa o stage como está, com promoção ou sem, e libera os deployments comuns.
#[rstest]
#[case::discarded(false, V1, "alias=v1")]
#[case::promoted(true, V2, "alias=v2")]
fn deleting_the_canary_leaves_the_stage(
    #[case] promote: bool,
    #[case] configuration: Forecast,
    #[case] expected: &str,
) {
    let mut api = published("alias=v1");
    accepted(CANARY, api.create_canary_deployment("prod", canary(100.0, "alias=v2")));
    if promote {
        accepted("o canary existe e pode ser promovido", api.promote_canary("prod"));
    }
    accepted("o canary pode ser tirado", api.delete_canary("prod"));
    expect_served(&api, "prod", configuration, expected, "o canary foi tirado");
    refused("não há mais canary", api.promote_canary("prod"), &StageError::NoCanary);
    api.configuration = V3;
    accepted(DEPLOY, api.create_deployment("prod"));
    expect_served(&api, "prod", V3, expected, "sem canary, o stage aceita um deployment comum");
}
