//! Os testes do passo `api_keys`: o que uma chave pode ser, em que planos ela entra e quem ela identifica.

use gateway::api_keys::{
    Account, ApiKey, ApiKeySource, ApiStage, Client, ControlError, Target, UsagePlan, check, forbidden,
};
use gateway::model::{Method, Refusal, Request};
use rstest::rstest;

use crate::support::expect_same;

const WEATHER: &str = "a1b2c3d4e5";
const RADAR: &str = "r4d4r5e6r7";

/// O valor da chave da cooperativa e o da Defesa Civil.
const WINE: &str = "cooperativaSerraClara2026";
const CIVIL: &str = "defesaCivilSerraClara2026";

fn key(id: &str, value: &str) -> ApiKey {
    ApiKey { id: id.into(), name: format!("chave {id}"), value: value.into(), enabled: true }
}

fn plan(id: &str, stages: &[(&str, &str)], keys: &[&str]) -> UsagePlan {
    UsagePlan {
        id: id.into(),
        api_stages: stages.iter().map(|(api, stage)| ApiStage::new(api, stage)).collect(),
        key_ids: keys.iter().map(ToString::to_string).collect(),
    }
}

/// A conta do escritório: a cooperativa conta em `parceiros` no stage `prod` e em `testes` no stage `dev`.
fn office() -> Account {
    Account {
        keys: vec![key("wine", WINE), key("civil", CIVIL)],
        plans: vec![
            plan("vazio", &[(WEATHER, "prod"), (WEATHER, "dev")], &[]),
            plan("testes", &[(WEATHER, "dev")], &["wine"]),
            plan("parceiros", &[(WEATHER, "prod"), (RADAR, "prod"), (RADAR, "v2")], &["wine"]),
        ],
    }
}

fn target(api_id: &str, stage: &str) -> Target {
    Target { at: ApiStage::new(api_id, stage), api_key_source: ApiKeySource::Header, api_key_required: true }
}

fn with_key(value: &str) -> Request {
    Request::new(Method::Get, "/cities").header("x-api-key", value)
}

fn client(usage_plan_id: &str) -> Result<Option<Client>, Refusal> {
    Ok(Some(Client { key_id: "wine".into(), usage_plan_id: usage_plan_id.into() }))
}

/// O resultado de `identify` em uma frase.
fn told(result: &Result<Option<Client>, Refusal>) -> String {
    match result {
        Ok(Some(client)) => format!("a chave {} no plano {}", client.key_id, client.usage_plan_id),
        Ok(None) => "ninguém a identificar (None)".into(),
        Err(refusal) => format!("a recusa `{refusal}`"),
    }
}

/// Uma chave com valor de 20 a 128 letras e dígitos e nome de até 1.024 caracteres é aceita
#[rstest]
#[case::shortest("n", "A1".repeat(10))]
#[case::longest("n", "z9".repeat(64))]
#[case::long_name("n".repeat(1_024), "A1".repeat(20))]
fn a_key_within_the_limits_is_accepted(#[case] name: impl Into<String>, #[case] value: String) {
    let (name, size) = (name.into(), value.len());
    let got = check(&ApiKey { id: "k1".into(), name: name.clone(), value, enabled: true });
    expect_same!(
        got,
        Ok(()),
        "o valor vai de 20 a 128 caracteres e o nome até 1.024; este tem valor de {size} e nome de {}, e a sua função \
         respondeu {got:?}",
        name.len()
    );
}

/// Fora dos limites, a recusa diz qual deles
#[rstest]
#[case::nineteen("n", "a".repeat(19), ControlError::ValueTooShort)]
#[case::one_hundred_and_twenty_nine("n", "a".repeat(129), ControlError::ValueTooLong)]
#[case::hyphens("n", "cooperativa-serra-clara-2026", ControlError::ValueNotAlphanumeric)]
#[case::accents("n", "cooperativaAçudeDaSerra2026", ControlError::ValueNotAlphanumeric)]
#[case::name_of_1025("n".repeat(1_025), WINE.into(), ControlError::NameTooLong)]
fn a_key_out_of_the_limits_is_refused(
    #[case] name: impl Into<String>,
    #[case] value: String,
    #[case] expected: ControlError,
) {
    let name = name.into();
    let got = check(&ApiKey { id: "k1".into(), name: name.clone(), value: value.clone(), enabled: true });
    expect_same!(
        got,
        Err(expected.clone()),
        "valor {value:?} ({} caracteres) e nome de {} caracteres: o certo é Err({expected:?}), e a sua função \
         respondeu \
         {got:?}",
        value.chars().count(),
        name.len()
    );
}

/// Criar confere a chave e não aceita um valor que a conta já tem; o nome pode repetir
#[rstest]
#[case::same_name_other_value("chave wine", "a1b2c3d4e5f6g7h8i9j0", Ok(()))]
#[case::same_value_other_name("outro nome", WINE, Err(ControlError::ValueInUse))]
#[case::too_short("nova", "curta", Err(ControlError::ValueTooShort))]
fn values_are_unique_and_names_are_not(
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: Result<(), ControlError>,
) {
    let mut account = office();
    let new = ApiKey { id: "k9".into(), name: name.into(), value: value.into(), enabled: true };
    let got = account.create_api_key(new.clone());
    expect_same!(
        got,
        expected,
        "a conta tem as chaves {WINE} e {CIVIL}; criar {value:?} com o nome {name:?} deveria dar {expected:?}: duas \
         chaves \
         com o mesmo valor são a mesma chave. A sua função respondeu {got:?}"
    );
    expect_same!(
        account.keys.contains(&new),
        expected.is_ok(),
        "criar {value:?} deu {got:?}, e a chave só pode ficar na conta quando a criação dá certo; ficaram {:?}",
        account.keys
    );
}

/// Uma chave entra em outro plano quando nenhum stage se repete entre os planos dela
#[rstest]
#[case::other_stage_of_the_same_api("wine", plan("novo", &[(WEATHER, "beta")], &[]))]
#[case::same_stage_name_of_another_api("wine", plan("novo", &[("x0x0x0x0x0", "prod")], &[]))]
#[case::stage_where_only_another_key_is("civil", plan("novo", &[(WEATHER, "prod")], &["wine"]))]
fn a_key_joins_a_plan_of_other_stages(#[case] key_id: &str, #[case] new: UsagePlan) {
    let mut account = office();
    account.plans.push(new.clone());
    let got = account.create_usage_plan_key("novo", key_id);
    expect_same!(
        got,
        Ok(()),
        "a chave {key_id} ainda não está em nenhum plano com um destes stages: {}. A regra é um plano por chave e por \
         stage \
         de cada API; a sua função respondeu {got:?}",
        stages(&new)
    );
    expect_same!(
        account.plans[3].key_ids.iter().filter(|id| *id == key_id).count(),
        1,
        "depois de CreateUsagePlanKey, a chave {key_id} está no plano uma vez; o plano tem {:?}",
        account.plans[3].key_ids
    );
}

/// Uma chave não fica em dois planos com o mesmo stage
#[rstest]
#[case::only_stage(plan("novo", &[(WEATHER, "dev")], &[]), "testes", (WEATHER, "dev"))]
#[case::one_of_several(plan("novo", &[(WEATHER, "beta"), (RADAR, "v2")], &["civil"]), "parceiros", (RADAR, "v2"))]
fn a_key_has_one_plan_per_stage(#[case] new: UsagePlan, #[case] holder: &str, #[case] stage: (&str, &str)) {
    let mut account = office();
    account.plans.push(new.clone());
    let got = account.create_usage_plan_key("novo", "wine");
    let expected =
        ControlError::StageTaken { usage_plan_id: holder.into(), api_stage: ApiStage::new(stage.0, stage.1) };
    expect_same!(
        got,
        Err(expected.clone()),
        "a chave wine já está no plano {holder}, que tem {}:{}, e o plano novo tem {}: com os dois, o API Gateway não \
         saberia \
         em qual contar. O certo é Err({expected:?}), e a sua função respondeu {got:?}",
        stage.0,
        stage.1,
        stages(&new)
    );
    expect_same!(account.plans[3], new, "uma associação recusada não muda o plano; ficou {:?}", account.plans[3]);
}

fn stages(plan: &UsagePlan) -> String {
    plan.api_stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Uma chave cabe em 10 planos, e no 11º não
#[test]
fn a_key_fits_in_ten_plans() {
    let mut account = Account { keys: vec![key("wine", WINE), key("civil", CIVIL)], ..Account::default() };
    account.plans = (1..=20).map(|n| plan(&format!("p{n}"), &[(WEATHER, &format!("s{n}"))], &["civil"])).collect();
    for number in 1..=11 {
        let got = account.create_usage_plan_key(&format!("p{number}"), "wine");
        let expected = if number <= 10 { Ok(()) } else { Err(ControlError::TooManyPlans) };
        expect_same!(
            got,
            expected,
            "o limite padrão é de 10 planos por chave, e este seria o {number}º da chave wine, com um stage que ela \
             ainda não \
             tem: o certo é {expected:?}, e a sua função respondeu {got:?}"
        );
    }
}

/// Só se associa uma chave que existe a um plano que existe
#[rstest]
#[case::unknown_plan("nenhum", "wine")]
#[case::unknown_key("vazio", "nenhuma")]
fn both_sides_must_exist(#[case] usage_plan_id: &str, #[case] key_id: &str) {
    let got = office().create_usage_plan_key(usage_plan_id, key_id);
    expect_same!(
        got,
        Err(ControlError::NotFound),
        "CreateUsagePlanKey recebe dois ids; o plano {usage_plan_id:?} com a chave {key_id:?} deveria dar \
         Err(NotFound), e a \
         sua função respondeu {got:?}"
    );
}

/// O CSV traz nome, valor, se está habilitada e os planos, em qualquer ordem e caixa
#[rstest]
#[case::all_columns(
    "Enabled,Name,KEY,UsageplanIds\nFALSE,Estação,estacaoVinhedo0000000001,vazio",
    ("Estação", false, ["vazio"])
)]
#[case::two_plans_between_quotes(
    "usageplanids,NAME,key,enabled\n\"outro,vazio\",Estação,estacaoVinhedo0000000001,TRUE",
    ("Estação", true, ["outro", "vazio"])
)]
#[case::unknown_column_and_empty_cells(
    "Name,Dono,Key,Enabled,UsagePlanIds,Description\r\nEstação,Ana,estacaoVinhedo0000000001,,,\r\n",
    ("Estação", true, [])
)]
fn a_csv_row_becomes_a_key<const N: usize>(#[case] csv: &str, #[case] expected: (&str, bool, [&str; N])) {
    let mut account = office();
    account.plans.push(plan("outro", &[("x0x0x0x0x0", "prod")], &[]));
    let got = account.import_api_keys(csv);
    let imported = account.keys.iter().find(|key| key.value == "estacaoVinhedo0000000001");
    let Some(imported) = imported else {
        panic!("de {csv:?} sai a chave estacaoVinhedo0000000001; a sua conta ficou com {:?} ({got:?})", account.keys)
    };
    let (name, enabled, plans) = expected;
    let joined = |id: &&UsagePlan| id.key_ids.contains(&imported.id);
    let mut found: Vec<_> = account.plans.iter().filter(joined).map(|plan| plan.id.as_str()).collect();
    found.sort_unstable();
    expect_same!(
        (imported.name.as_str(), imported.enabled, found.as_slice()),
        (name, enabled, plans.as_slice()),
        "de {csv:?} sai uma chave de nome {name:?}, habilitada: {enabled}, nos planos {plans:?}; a sua tem nome {:?}, \
         habilitada: {}, nos planos {found:?}",
        imported.name,
        imported.enabled
    );
    expect_same!(
        got,
        Ok(vec![imported.id.clone()]),
        "a importação devolve os ids das chaves, na ordem das linhas: o certo é Ok([{:?}]), veio {got:?}",
        imported.id
    );
}

/// Importar de novo um valor conhecido troca o nome e a situação da mesma chave
#[test]
fn importing_a_known_value_overwrites_the_key() {
    let mut account = office();
    let csv = format!("Name,Key,Enabled\nNova,estacaoVinhedo0000000001,true\nCooperativa nova,{WINE},false\n");
    let got = account.import_api_keys(&csv);
    let wine = ApiKey { id: "wine".into(), name: "Cooperativa nova".into(), value: WINE.into(), enabled: false };
    let same: Vec<_> = account.keys.iter().filter(|key| key.value == WINE).collect();
    expect_same!(
        same,
        vec![&wine],
        "duas chaves com o mesmo valor são a mesma: a importação escreve por cima da que existe, que continua com o id \
         dela. \
         O certo é só {wine:?}; a sua conta tem {same:?}"
    );
    expect_same!(account.keys.len(), 3, "eram 2 chaves e entrou 1 nova; a sua conta ficou com {}", account.keys.len());
    expect_same!(
        got.as_ref().map(|ids| (ids.len(), ids.last().map(String::as_str))),
        Ok((2, Some("wine"))),
        "são duas linhas, e a segunda é a da chave wine, que continua com o id dela; a sua função devolveu {got:?}"
    );
    expect_same!(account.plans, office().plans, "a importação sem UsagePlanIds não tira nem põe chave em plano nenhum");
}

/// Um CSV que não serve é recusado
#[rstest]
#[case::no_key("Name,Value\nEstação,estacaoVinhedo0000000001", ControlError::MissingColumn("Key"))]
#[case::no_name("Key,Description\nestacaoVinhedo0000000001,Estação", ControlError::MissingColumn("Name"))]
#[case::short_value("Name,Key\nEstação,curta", ControlError::ValueTooShort)]
#[case::unknown_plan("Name,Key,UsagePlanIds\nE,estacaoVinhedo0000000001,nenhum", ControlError::NotFound)]
fn a_bad_csv_is_refused(#[case] csv: &str, #[case] expected: ControlError) {
    let got = office().import_api_keys(csv);
    expect_same!(
        got,
        Err(expected.clone()),
        "Name e Key são obrigatórias, e cada linha obedece às mesmas regras da criação e da associação. De {csv:?} o \
         certo é \
         Err({expected:?}), veio {got:?}"
    );
}

/// A mesma chave conta em planos diferentes, conforme o stage e a API
#[rstest]
#[case::prod(WEATHER, "prod", "parceiros")]
#[case::dev(WEATHER, "dev", "testes")]
#[case::another_api_of_the_plan(RADAR, "v2", "parceiros")]
fn the_stage_tells_in_which_plan_a_key_counts(#[case] api: &str, #[case] stage: &str, #[case] usage_plan: &str) {
    let got = office().identify(&target(api, stage), &with_key(WINE), None);
    expect_same!(
        got,
        client(usage_plan),
        "a chave wine está em `testes` ({WEATHER}:dev) e em `parceiros` ({WEATHER}:prod, {RADAR}:prod e {RADAR}:v2); \
         em \
         {api}:{stage} ela conta em {usage_plan}, e a sua função respondeu {}",
        told(&got)
    );
}

/// O nome do cabeçalho não diferencia maiúsculas; o valor, sim
#[rstest]
#[case::as_in_the_guide("X-API-Key", WINE.into(), client("parceiros"))]
#[case::value_in_capitals("x-api-key", WINE.to_uppercase(), Err(forbidden()))]
fn the_header_is_matched_like_any_http_header(
    #[case] name: &str,
    #[case] value: String,
    #[case] expected: Result<Option<Client>, Refusal>,
) {
    let request = Request::new(Method::Get, "/cities").header(name, &value);
    let got = office().identify(&target(WEATHER, "prod"), &request, None);
    expect_same!(
        got,
        expected,
        "a chave vem no cabeçalho x-api-key, e em HTTP o nome de um cabeçalho vale em qualquer caixa; o valor é \
         comparado \
         como está. Com `{name}: {value}` o certo é {}, e a sua função respondeu {}",
        told(&expected),
        told(&got)
    );
}

/// Sem chave que sirva, a recusa é sempre a mesma
#[rstest]
#[case::missing(None, "prod", "não veio chave")]
#[case::empty(Some(""), "prod", "a chave veio vazia")]
#[case::unknown(Some("chaveQueNinguemCriou2026"), "prod", "a chave não existe")]
#[case::in_no_plan(Some(CIVIL), "prod", "a chave existe e não está em plano nenhum")]
#[case::stage_in_none_of_its_plans(Some(WINE), "v2", "a chave está em planos, mas nenhum tem este stage desta API")]
fn every_bad_key_gets_the_same_refusal(#[case] value: Option<&str>, #[case] stage: &str, #[case] why: &str) {
    let request = value.map_or_else(|| Request::new(Method::Get, "/cities"), with_key);
    let got = office().identify(&target(WEATHER, stage), &request, None);
    expect_same!(
        got,
        Err(forbidden()),
        "{why}: a resposta é 403 INVALID_API_KEY, `Forbidden`, que não conta o motivo; a sua função respondeu {}",
        told(&got)
    );
}

/// Uma chave desabilitada não passa, e volta a passar quando é habilitada
#[test]
fn a_disabled_key_is_refused_until_it_is_enabled() {
    let mut account = office();
    for (enabled, expected) in [(false, Err(forbidden())), (true, client("parceiros"))] {
        account.keys[0].enabled = enabled;
        let got = account.identify(&target(WEATHER, "prod"), &with_key(WINE), None);
        expect_same!(
            got,
            expected,
            "com enabled = {enabled}, a chave wine em {WEATHER}:prod dá {}; a sua função respondeu {}",
            told(&expected),
            told(&got)
        );
    }
}

/// Um método sem `apiKeyRequired` não olha chave nenhuma
#[rstest]
#[case::no_key(Request::new(Method::Get, "/health"))]
#[case::unknown_key(with_key("chaveQueNinguemCriou2026"))]
fn a_method_without_the_flag_is_open(#[case] request: Request) {
    let open = Target { api_key_required: false, ..target(WEATHER, "prod") };
    let sent = request.headers.get("x-api-key").unwrap_or("nenhuma").to_owned();
    let got = office().identify(&open, &request, None);
    expect_same!(
        got,
        Ok(None),
        "apiKeyRequired é falso neste método, que então não identifica nem conta ninguém, estando ou não o stage num \
         plano. \
         Com a chave {sent} o certo é {}, e a sua função respondeu {}",
        told(&Ok(None)),
        told(&got)
    );
}

/// Cada `apiKeySource` lê de um lugar só
#[rstest]
#[case::key_of_the_authorizer(ApiKeySource::Authorizer, None, Some(WINE), client("parceiros"))]
#[case::authorizer_wins_over_a_bad_header(ApiKeySource::Authorizer, Some("ruim"), Some(WINE), client("parceiros"))]
#[case::header_does_not_replace_it(ApiKeySource::Authorizer, Some(WINE), None, Err(forbidden()))]
#[case::id_of_the_key(ApiKeySource::Authorizer, None, Some("wine"), Err(forbidden()))]
#[case::authorizer_does_not_replace_it(ApiKeySource::Header, None, Some(WINE), Err(forbidden()))]
fn each_source_is_read_from_one_place(
    #[case] api_key_source: ApiKeySource,
    #[case] header: Option<&str>,
    #[case] usage_identifier_key: Option<&str>,
    #[case] expected: Result<Option<Client>, Refusal>,
) {
    let request = header.map_or_else(|| Request::new(Method::Get, "/cities"), with_key);
    let target = Target { api_key_source, ..target(WEATHER, "prod") };
    let got = office().identify(&target, &request, usage_identifier_key);
    expect_same!(
        got,
        expected,
        "com apiKeySource {api_key_source:?}, cabeçalho x-api-key {header:?} e usageIdentifierKey \
         {usage_identifier_key:?}, o \
         certo é {}: HEADER só lê o cabeçalho, AUTHORIZER só lê o valor que o authorizer devolveu. A sua função \
         respondeu {}",
        told(&expected),
        told(&got)
    );
}
