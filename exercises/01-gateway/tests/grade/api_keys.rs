//! Os testes do passo `api_keys`: o que uma chave pode ser, em que planos ela entra e quem ela identifica.

use gateway::api_keys::{
    Account, ApiKey, ApiKeySource, ApiStage, Client, ControlError, Target, UsagePlan, check, forbidden,
};
use gateway::model::{Refusal, Request};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::keys::*;

mod import;

/// Uma chave com valor de 20 a 128 letras e dígitos e nome de até 1.024 caracteres é aceita
#[rstest]
#[case::shortest("n", "A1".repeat(10))]
#[case::longest("n", "z9".repeat(64))]
#[case::long_name("n".repeat(1_024), "A1".repeat(20))]
#[case::long_name_with_accents("ã".repeat(1_024), "A1".repeat(20))]
fn a_key_within_the_limits_is_accepted(#[case] name: impl Into<String>, #[case] value: String) {
    let (name, size) = (name.into(), value.len());
    let got = check(&ApiKey { id: "k1".into(), name: name.clone(), value, enabled: true });
    expect_same!(
        got,
        Ok(()),
        "o certo é aceitar, e a sua função deu {}. O valor tem {size} letras e dígitos (de 20 a 128) e o nome tem {} \
         caracteres (até 1.024), que em UTF-8 são {} bytes: a conta é em caracteres",
        done(&got),
        name.chars().count(),
        name.len()
    );
}

/// Fora dos limites, a recusa diz qual deles
#[rstest]
#[case::nineteen("n", "a".repeat(19), ControlError::ValueTooShort)]
#[case::one_hundred_and_twenty_nine("n", "a".repeat(129), ControlError::ValueTooLong)]
#[case::hyphens("n", "cooperativa-serra-clara-2026", ControlError::ValueNotAlphanumeric)]
#[case::accents("n", "cooperativaAçudeDaSerra2026", ControlError::ValueNotAlphanumeric)]
#[case::accents_that_are_128_characters("n", "ã".repeat(128), ControlError::ValueNotAlphanumeric)]
#[case::spaces_around("n", " cooperativaSerraClara2026 ", ControlError::ValueNotAlphanumeric)]
#[case::name_of_1025("n".repeat(1_025), WINE, ControlError::NameTooLong)]
fn a_key_out_of_the_limits_is_refused(
    #[case] name: impl Into<String>,
    #[case] value: impl Into<String>,
    #[case] expected: ControlError,
) {
    let (name, value) = (name.into(), value.into());
    let got = check(&ApiKey { id: "k1".into(), name: name.clone(), value: value.clone(), enabled: true });
    let expected = Err(expected);
    expect_same!(
        got,
        expected,
        "o valor `{value}` tem {} caracteres e o nome tem {}: o certo é {}, e a sua função deu {}. O valor vai de 20 a 128 \
         letras e dígitos ASCII, e o nome, até 1.024 caracteres",
        value.chars().count(),
        name.chars().count(),
        done(&expected),
        done(&got)
    );
}

/// Criar confere a chave e não aceita um valor que a conta já tem; o nome pode repetir
#[rstest]
#[case::same_name_other_value("chave wine", "a1b2c3d4e5f6g7h8i9j0", Ok(()))]
#[case::other_case("outro nome", "COOPERATIVAserraclara2026", Ok(()))]
#[case::same_value_other_name("outro nome", WINE, Err(ControlError::ValueInUse))]
#[case::value_of_a_disabled_key("outro nome", OLD, Err(ControlError::ValueInUse))]
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
        "criar o valor `{value}`, com o nome `{name}`, dá {}, e a sua função deu {}. O nome pode repetir; o valor não pode ser \
         igual ao de outra chave da conta, mesmo desabilitada, e `a` e `A` são diferentes. A conta já tem: {}",
        done(&expected),
        done(&got),
        listed(&office().keys)
    );
    let mut right = office().keys;
    right.extend(expected.is_ok().then_some(new));
    expect_same!(
        account.keys,
        right,
        "criar o valor `{value}` dá {}: a conta certa, na ordem da criação, é {}; a sua ficou com {}",
        done(&expected),
        listed(&right),
        listed(&account.keys)
    );
}

/// Uma chave pode nascer desabilitada
#[test]
fn a_key_can_be_created_disabled() {
    let mut account = office();
    let new = ApiKey { enabled: false, ..key("k9", "a1b2c3d4e5f6g7h8i9j0") };
    let got = account.create_api_key(new.clone());
    let last = account.keys.last();
    expect_same!(
        last,
        Some(&new),
        "o certo é guardar no fim {}, como veio; a criação deu {}, e a última chave da sua conta é {}",
        listed(std::slice::from_ref(&new)),
        done(&got),
        listed(last.map_or(&[], std::slice::from_ref))
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
        "o certo é aceitar, e a sua função deu {}: a chave {key_id} ainda não está em nenhum plano com um dos stages do plano \
         novo, que são {}. A regra é um plano por chave e por stage de cada API",
        done(&got),
        stages(&new)
    );
    let mut right = new.key_ids.clone();
    right.push(key_id.to_owned());
    let got = &account.plans[3].key_ids;
    expect_same!(
        *got,
        right,
        "depois de CreateUsagePlanKey, as chaves do plano novo são {}, as que ele já tinha e mais esta; no seu, são {}",
        right.join(", "),
        if got.is_empty() { "nenhuma".to_owned() } else { got.join(", ") }
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
    let expected: Result<(), _> =
        Err(ControlError::StageTaken { usage_plan_id: holder.into(), api_stage: ApiStage::new(stage.0, stage.1) });
    expect_same!(
        got,
        expected,
        "o certo é {}, e a sua função deu {}: a chave wine já está no plano {holder}, que tem {}:{}, e o plano novo tem {}. Com \
         os dois, o API Gateway não saberia em qual contar",
        done(&expected),
        done(&got),
        stage.0,
        stage.1,
        stages(&new)
    );
    expect_same!(
        account.plans[3],
        new,
        "uma associação recusada não muda o plano, que tinha as chaves [{}]; no seu ficaram [{}]",
        new.key_ids.join(", "),
        account.plans[3].key_ids.join(", ")
    );
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
            "o {number}º plano da chave wine, com um stage que ela ainda não tem: o certo é {}, e a sua função deu {}. Uma chave \
             cabe em até 10 planos",
            done(&expected),
            done(&got)
        );
    }
}

/// Só se associa uma chave que existe a um plano que existe
#[rstest]
#[case::unknown_plan("nenhum", "wine")]
#[case::unknown_key("vazio", "nenhuma")]
#[case::value_instead_of_the_id("vazio", WINE)]
fn both_sides_must_exist(#[case] usage_plan_id: &str, #[case] key_id: &str) {
    let mut account = office();
    let got = account.create_usage_plan_key(usage_plan_id, key_id);
    expect_same!(
        (&got, &account),
        (&Err(ControlError::NotFound), &office()),
        "o certo é {}, sem mudar nada; a sua função deu {} e a conta {}. CreateUsagePlanKey recebe dois ids, e vieram o plano \
         `{usage_plan_id}` e a chave `{key_id}`",
        done(&Err::<(), _>(ControlError::NotFound)),
        done(&got),
        if account == office() { "não mudou" } else { "mudou" }
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
        "em {api}:{stage} a chave wine conta em {usage_plan}, e a sua função respondeu {}. Ela está em `testes` ({WEATHER}:dev) e em \
         `parceiros` ({WEATHER}:prod, {RADAR}:prod e {RADAR}:v2)",
        told(&got)
    );
}

/// O nome do cabeçalho não diferencia maiúsculas; o valor, sim
#[rstest]
#[case::as_in_the_guide("X-API-Key", WINE, client("parceiros"))]
#[case::value_in_capitals("x-api-key", "COOPERATIVASERRACLARA2026", Err(forbidden()))]
#[case::spaces_around("x-api-key", " cooperativaSerraClara2026 ", Err(forbidden()))]
fn the_header_is_matched_like_any_http_header(
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: Result<Option<Client>, Refusal>,
) {
    let got = office().identify(&target(WEATHER, "prod"), &forecast().header(name, value), None);
    expect_same!(
        got,
        expected,
        "com `{name}: {value}` o certo é {}, e a sua função respondeu {}. O nome do cabeçalho vale em qualquer caixa; o valor é \
         comparado como chegou, e o da chave wine é `{WINE}`",
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
    let request = value.map_or_else(forecast, with_key);
    let got = office().identify(&target(WEATHER, stage), &request, None);
    expect_same!(
        got,
        Err(forbidden()),
        "o certo é {}, e a sua função respondeu {}: {why}. A recusa é sempre o 403 INVALID_API_KEY, que não conta o motivo",
        told(&Err(forbidden())),
        told(&got)
    );
}

/// Uma chave desabilitada não passa, venha de onde vier, e volta a passar quando é habilitada
#[rstest]
#[case::header(ApiKeySource::Header, Some(WINE), None)]
#[case::authorizer(ApiKeySource::Authorizer, None, Some(WINE))]
fn a_disabled_key_is_refused_until_it_is_enabled(
    #[case] api_key_source: ApiKeySource,
    #[case] header: Option<&str>,
    #[case] usage_identifier_key: Option<&str>,
) {
    let mut account = office();
    let request = header.map_or_else(forecast, with_key);
    for (enabled, state, expected) in
        [(false, "desabilitada", Err(forbidden())), (true, "habilitada", client("parceiros"))]
    {
        account.keys[0].enabled = enabled;
        let target = Target { api_key_source, ..target(WEATHER, "prod") };
        let got = account.identify(&target, &request, usage_identifier_key);
        expect_same!(
            got,
            expected,
            "com a chave wine {state}, em {WEATHER}:prod, o certo é {}; a sua função respondeu {}. Ela veio {}",
            told(&expected),
            told(&got),
            if header.is_some() { "em x-api-key" } else { "do authorizer" }
        );
    }
}

/// Um método sem `apiKeyRequired` não olha chave nenhuma, nem a que serviria
#[rstest]
#[case::no_key(forecast())]
#[case::unknown_key(with_key("chaveQueNinguemCriou2026"))]
#[case::good_key(with_key(WINE))]
fn a_method_without_the_flag_is_open(#[case] request: Request) {
    let open = Target { api_key_required: false, ..target(WEATHER, "prod") };
    let sent = request.headers.get("x-api-key").unwrap_or("nenhuma").to_owned();
    let got = office().identify(&open, &request, None);
    expect_same!(
        got,
        Ok(None),
        "com a chave `{sent}`, o certo é {}, e a sua função respondeu {}. Este método não tem apiKeyRequired: o gateway não \
         identifica nem conta ninguém, mesmo com o stage num plano e com uma chave boa",
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
#[case::header_wins_over_a_bad_authorizer(ApiKeySource::Header, Some(WINE), Some("ruim"), client("parceiros"))]
#[case::authorizer_does_not_replace_it(ApiKeySource::Header, None, Some(WINE), Err(forbidden()))]
fn each_source_is_read_from_one_place(
    #[case] api_key_source: ApiKeySource,
    #[case] header: Option<&str>,
    #[case] usage_identifier_key: Option<&str>,
    #[case] expected: Result<Option<Client>, Refusal>,
) {
    let request = header.map_or_else(forecast, with_key);
    let target = Target { api_key_source, ..target(WEATHER, "prod") };
    let got = office().identify(&target, &request, usage_identifier_key);
    let (source, place) = match api_key_source {
        ApiKeySource::Header => ("HEADER", "só se lê o cabeçalho x-api-key"),
        ApiKeySource::Authorizer => ("AUTHORIZER", "só se lê o valor que o authorizer devolveu em usageIdentifierKey"),
    };
    expect_same!(
        got,
        expected,
        "o certo é {}, e a sua função respondeu {}: com apiKeySource {source}, {place}. O cabeçalho é `{}` e o usageIdentifierKey é \
         `{}`",
        told(&expected),
        told(&got),
        header.unwrap_or("nenhum"),
        usage_identifier_key.unwrap_or("nenhum")
    );
}
