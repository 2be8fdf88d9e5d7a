//! Os testes do passo `versions`: publicar, dar nomes, sortear e chamar.

use kit::Random;
use lambda::versions::{Alias, ApiError, Configuration, PublishVersion, VersionId};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::releases::{
    ARN, DLQ, LATEST, alias, code, expect_run, function, outcome, publish, refusal, share, three, told, told_alias, v,
    weights,
};

/// Cada publicação de algo novo ganha o número seguinte.
#[test]
fn each_change_gets_the_next_number() {
    let mut function = function(&[code("sha-1")]);
    let changes: [fn(&mut Configuration); 5] = [
        |latest| latest.code_sha256 = "sha-2".to_owned(),
        |latest| latest.memory_size = 512,
        |latest| latest.description = "previsão de 7 dias".to_owned(),
        |latest| latest.role = "arn:aws:iam::123456789012:role/outro".to_owned(),
        |latest| latest.dead_letter_target = Some(DLQ.to_owned()),
    ];
    for (number, change) in (2..).zip(changes) {
        change(&mut function.latest);
        publish(&mut function, number, "o código ou a configuração de $LATEST mudou");
    }
}

/// Publicar sem ter mudado nada não cria versão: devolve a última.
#[test]
fn nothing_new_publishes_nothing() {
    let mut function = function(&[code("sha-1"), code("sha-2")]);
    for _ in 0..3 {
        publish(&mut function, 2, "$LATEST não mudou desde a versão 2");
    }
    let found = function.versions.len();
    expect_same!(found, 2, "nada mudou, então continuam 2 versões; no seu código há {found}");
}

/// A descrição do pedido vale para a versão, e não conta como mudança.
#[test]
fn the_description_of_the_request_is_only_of_the_version() {
    let mut function = function(&[]);
    let named = |text: &str| PublishVersion { description: Some(text.to_owned()), ..PublishVersion::default() };
    let found = function.publish_version(&named("primeira"));
    expect_same!(found, Ok(1), "a primeira publicação dá `1`; no seu código, {}", outcome(&found));
    let again = function.publish_version(&named("outra"));
    expect_same!(
        again,
        Ok(1),
        "só a descrição do pedido é outra, e $LATEST não mudou: continua `1`; no seu código, {}",
        outcome(&again)
    );
    let version = function.versions.get(&1).map_or("(não existe)", |each| each.description.as_str());
    let latest = function.latest.description.as_str();
    expect_same!(
        (version, latest),
        ("primeira", "previsão"),
        "a versão 1 fica com a descrição com que nasceu, `primeira`, e $LATEST com a dele, `previsão`; no seu código são \
         `{version}` e `{latest}`"
    );
}

/// Uma versão publicada não muda quando $LATEST muda.
#[test]
fn a_published_version_never_changes() {
    let mut function = function(&[code("sha-1")]);
    function.latest = code("sha-2");
    expect_run(&function, Some("1"), v(1), "sha-1", "a versão 1 é a cópia tirada ao publicar");
    expect_run(&function, None, LATEST, "sha-2", "sem qualificador, vale $LATEST, que mudou");
    publish(&mut function, 2, "$LATEST mudou");
    function.latest.memory_size = 3_008;
    let memory = function.versions.get(&2).map_or(0, |each| each.memory_size);
    expect_same!(memory, 256, "a versão 2 foi publicada com 256 MB; agora ela tem {memory} MB");
}

/// O número de uma versão apagada não volta.
#[test]
fn a_number_is_never_reused() {
    let mut function = function(&[code("sha-1"), code("sha-2")]);
    function.delete_version(2);
    function.latest = code("sha-3");
    publish(&mut function, 3, "a versão 2 foi apagada, e o número dela não volta");
    function.delete_version(1);
    function.latest = code("sha-4");
    publish(&mut function, 4, "a versão 1 foi apagada, e o número dela não volta");
}

/// Com CodeSha256, só publica se o código de $LATEST for aquele.
#[test]
fn the_code_can_be_required() {
    let mut function = function(&[]);
    let requiring = |sha: &str| PublishVersion { code_sha256: Some(sha.to_owned()), ..PublishVersion::default() };
    let found = function.publish_version(&requiring("sha-9"));
    let expected = "CodeSHA256 (sha-9) is different from current CodeSHA256 in $LATEST (sha-0). Please try again with the \
                    CodeSHA256 in $LATEST.";
    expect_same!(
        found.as_ref().map_err(ToString::to_string),
        Err(expected.to_owned()),
        "o pedido exige sha-9 e $LATEST tem sha-0: o erro é `{expected}`; no seu código, {}",
        outcome(&found)
    );
    let found = function.publish_version(&requiring("sha-0"));
    expect_same!(
        found,
        Ok(1),
        "o pedido exige sha-0, que é o de $LATEST: publica `1`; no seu código, {}",
        outcome(&found)
    );
}

/// O qualificador escolhe a versão: nenhum, $LATEST, um número ou um alias.
#[rstest]
#[case::none(None, LATEST, "sha-3")]
#[case::latest(Some("$LATEST"), LATEST, "sha-3")]
#[case::number(Some("1"), v(1), "sha-1")]
#[case::alias(Some("live"), v(2), "sha-2")]
#[case::alias_of_latest(Some("dev"), LATEST, "sha-3")]
fn the_qualifier_chooses_the_version(#[case] qualifier: Option<&str>, #[case] version: VersionId, #[case] sha: &str) {
    let mut function = three();
    alias(&mut function, "live", v(2), &[]);
    alias(&mut function, "dev", LATEST, &[]);
    expect_run(&function, qualifier, version, sha, "há as versões 1, 2 e 3, e os aliases live (2) e dev ($LATEST)");
}

/// O que não existe é `Function not found`, com o ARN usado na chamada.
#[rstest]
#[case::version("9")]
#[case::deleted_version("1")]
#[case::alias("prod")]
fn what_does_not_exist_is_not_found(#[case] qualifier: &str) {
    let mut function = three();
    function.delete_version(1);
    let found = function.invoke(Some(qualifier), &mut Random::new(1)).map(|each| each.executed_version);
    let expected = format!("Function not found: {ARN}:{qualifier}");
    expect_same!(
        found.as_ref().map_err(ToString::to_string),
        Err(expected.clone()),
        "há as versões 2 e 3 e nenhum alias; chamar {qualifier} dá o erro `{expected}`; no seu código, {}",
        outcome(&found)
    );
}

/// O nome de um alias tem letras, números, `-` e `_`, até 128, e não pode ser só números.
#[rstest]
#[case::word("live", true)]
#[case::date("2026-11-22", true)]
#[case::starts_with_a_digit("2_beta", true)]
#[case::upper_case("Live-SC", true)]
#[case::only_digits("2026", false)]
#[case::dot("v1.2", false)]
#[case::dollar("$LATEST", false)]
#[case::accent("previsão", false)]
#[case::empty("", false)]
fn an_alias_name_follows_the_pattern(#[case] name: &str, #[case] accepted: bool) {
    let found = three().create_alias(name, v(1), weights(&[]));
    let expected =
        if accepted { Ok(format!("{ARN}:{name}")) } else { Err(ApiError::AliasNamePattern { name: name.to_owned() }) };
    expect_same!(
        found,
        expected,
        "o padrão é (?!^[0-9]+$)([a-zA-Z0-9-_]+): para o nome `{name}` o resultado é {}; no seu código, {}",
        outcome(&expected),
        outcome(&found)
    );
}

/// 128 caracteres cabem; 129, não.
#[rstest]
#[case::at_the_limit(128, true)]
#[case::above(129, false)]
fn an_alias_name_has_at_most_128_characters(#[case] length: usize, #[case] accepted: bool) {
    let name = "a".repeat(length);
    let found = three().create_alias(&name, v(1), weights(&[]));
    let expected = if accepted { Ok(format!("{ARN}:{name}")) } else { Err(ApiError::AliasNameTooLong { name }) };
    expect_same!(
        found,
        expected,
        "um nome vai até 128 caracteres; com {length}, o resultado é {}; no seu código, {}",
        outcome(&expected),
        outcome(&found)
    );
}

fn missing(number: u64) -> ApiError {
    ApiError::FunctionNotFound { arn: format!("{ARN}:{number}") }
}

/// Um alias com duas versões segue as regras, criado ou movido.
#[rstest]
#[case::accepted(v(1), &[(v(2), 0.1)], None)]
#[case::all_to_the_other(v(1), &[(v(2), 1.0)], None)]
#[case::none_to_the_other(v(2), &[(v(1), 0.0)], None)]
#[case::main_is_missing(v(9), &[], Some(missing(9)))]
#[case::main_is_missing_with_weights(v(9), &[(v(2), 0.5)], Some(missing(9)))]
#[case::other_is_missing(v(1), &[(v(9), 0.5)], Some(missing(9)))]
#[case::three_versions(v(1), &[(v(2), 0.1), (v(3), 0.1)], Some(ApiError::TooManyWeights))]
#[case::above_one(v(1), &[(v(2), 2.0)], Some(ApiError::WeightOutOfRange { version: v(2), weight: 2.0 }))]
#[case::below_zero(v(1), &[(v(2), -1.0)], Some(ApiError::WeightOutOfRange { version: v(2), weight: -1.0 }))]
#[case::the_same_twice(v(1), &[(v(1), 0.5)], Some(ApiError::SameVersion { version: v(1) }))]
#[case::latest_as_the_other(v(1), &[(LATEST, 0.5)], Some(ApiError::WeightOnLatest { weight: 0.5 }))]
#[case::latest_as_the_main(LATEST, &[(v(1), 0.5)], Some(ApiError::LatestWithWeights))]
fn two_versions_follow_the_rules(
    #[case] version: VersionId,
    #[case] others: &[(VersionId, f64)],
    #[case] expected: Option<ApiError>,
) {
    let mut function = three();
    alias(&mut function, "canary", v(3), &[]);
    let before = function.aliases.clone();
    let created = function.create_alias("live", version, weights(others)).err();
    let moved = function.update_alias("canary", Some(version), Some(weights(others))).err();
    for (found, operation) in [(created, "create_alias"), (moved, "update_alias")] {
        expect_same!(
            found,
            expected,
            "há as versões 1, 2 e 3; um alias da versão {version}, {}, dá {}; o seu `{operation}` deu {}",
            told(&weights(others)),
            refusal(expected.as_ref()),
            refusal(found.as_ref())
        );
    }
    if expected.is_some() {
        let unchanged = function.aliases == before;
        expect_same!(
            unchanged,
            true,
            "um pedido recusado não muda nada; depois dele há {} e {}",
            format!("em canary {}", told_alias(function.aliases.get("canary"))),
            format!("em live {}", told_alias(function.aliases.get("live")))
        );
    }
}

/// As duas versões precisam do mesmo papel e da mesma DLQ, ou de nenhuma.
#[rstest]
#[case::same_queue(code("b"), Some(DLQ), Some(DLQ), None)]
#[case::no_queue(code("b"), None, None, None)]
#[case::one_queue(code("b"), None, Some(DLQ), Some(ApiError::DifferentDeadLetterQueue))]
#[case::another_queue(
    code("b"),
    Some(DLQ),
    Some("arn:aws:sqs:sa-east-1:123456789012:x"),
    Some(ApiError::DifferentDeadLetterQueue)
)]
#[case::another_role(
    Configuration { role: "arn:aws:iam::123456789012:role/outro".to_owned(), ..code("b") },
    None,
    None,
    Some(ApiError::DifferentRole)
)]
fn two_versions_share_the_role_and_the_queue(
    #[case] second: Configuration,
    #[case] first_queue: Option<&str>,
    #[case] second_queue: Option<&str>,
    #[case] expected: Option<ApiError>,
) {
    let queue = |queue: Option<&str>| queue.map(str::to_owned);
    let first = Configuration { dead_letter_target: queue(first_queue), ..code("a") };
    let second = Configuration { dead_letter_target: queue(second_queue), ..second };
    let tell = |each: &Configuration| {
        format!("o papel {} e {}", each.role, each.dead_letter_target.as_deref().unwrap_or("nenhuma DLQ"))
    };
    let both = format!("a versão 1 tem {}, e a 2 tem {}", tell(&first), tell(&second));
    let mut function = function(&[first, second]);
    alias(&mut function, "canary", v(1), &[]);
    let created = function.create_alias("live", v(1), weights(&[(v(2), 0.1)])).err();
    let moved = function.update_alias("canary", None, Some(weights(&[(v(2), 0.1)]))).err();
    for (found, operation) in [(created, "create_alias"), (moved, "update_alias")] {
        expect_same!(
            found,
            expected,
            "{both}: um alias das duas dá {}; o seu `{operation}` deu {}",
            refusal(expected.as_ref()),
            refusal(found.as_ref())
        );
    }
}

/// Um nome só serve a um alias, e só se move o que existe.
#[test]
fn a_name_belongs_to_one_alias() {
    let mut function = three();
    alias(&mut function, "live", v(1), &[]);
    let arn = format!("{ARN}:live");
    let found = function.create_alias("live", v(2), weights(&[]));
    expect_same!(
        found,
        Err(ApiError::AliasExists { arn: arn.clone() }),
        "live já existe: o erro é `Alias already exists: {arn}`; no seu código, {}",
        outcome(&found)
    );
    expect_run(&function, Some("live"), v(1), "sha-1", "o pedido recusado não mexeu em live, que continua na 1");
    let arn = format!("{ARN}:prod");
    let found = function.update_alias("prod", Some(v(2)), None);
    expect_same!(
        found,
        Err(ApiError::AliasNotFound { arn: arn.clone() }),
        "prod não existe: o erro é `Cannot find alias arn: {arn}`; no seu código, {}",
        refusal(found.as_ref().err())
    );
}

/// Mover um alias muda só o que veio no pedido.
#[test]
fn an_update_changes_only_what_came() {
    let mut function = three();
    alias(&mut function, "live", v(1), &[(v(2), 0.25)]);
    let steps = [
        (None, Some(weights(&[(v(2), 0.5)])), v(1), weights(&[(v(2), 0.5)])),
        (Some(v(3)), None, v(3), weights(&[(v(2), 0.5)])),
        (None, Some(weights(&[])), v(3), weights(&[])),
        (Some(v(2)), None, v(2), weights(&[])),
    ];
    for (version, others, function_version, expected) in steps {
        let request = format!(
            "FunctionVersion {} e {}",
            version.map_or("ausente".to_owned(), |version: VersionId| version.to_string()),
            others.as_ref().map_or("pesos ausentes".to_owned(), told)
        );
        let result = function.update_alias("live", version, others);
        let found = function.aliases.get("live").cloned();
        let expected = Some(Alias { function_version, weights: expected });
        expect_same!(
            (&result, &found),
            (&Ok(()), &expected),
            "`UpdateAlias` com {request} deixa {}; no seu código, o pedido dá {} e fica {}",
            told_alias(expected.as_ref()),
            refusal(result.as_ref().err()),
            told_alias(found.as_ref())
        );
    }
}

/// Um alias não segue as publicações: só anda quando alguém o move.
#[test]
fn an_alias_moves_only_when_told() {
    let mut function = function(&[code("sha-1")]);
    alias(&mut function, "live", v(1), &[]);
    function.latest = code("sha-2");
    expect_run(&function, Some("live"), v(1), "sha-1", "$LATEST mudou, e live continua na versão 1");
    publish(&mut function, 2, "$LATEST mudou");
    expect_run(&function, Some("live"), v(1), "sha-1", "a versão 2 foi publicada, e live continua na 1");
    let moved = function.update_alias("live", Some(v(2)), None);
    expect_same!(
        moved,
        Ok(()),
        "mover live para a versão 2 é aceito; no seu código, {}",
        refusal(moved.as_ref().err())
    );
    expect_run(&function, Some("live"), v(2), "sha-2", "live foi movido para a versão 2");
}

/// O peso é da outra versão: com 0,0 nenhuma vai para ela, com 1,0 vão todas.
#[rstest]
#[case::none(0.0, 0)]
#[case::all(1.0, 500)]
fn the_ends_of_the_weight_are_exact(#[case] weight: f64, #[case] expected: usize) {
    let mut function = three();
    alias(&mut function, "live", v(1), &[(v(2), weight)]);
    let found = share(&function, "live", v(2), 500, &mut Random::new(11));
    expect_same!(
        found,
        expected,
        "peso {weight:?} para a versão 2: ela atende {expected} de 500; no seu código, {found}"
    );
}

/// Cada invocação é um sorteio: a outra versão, se `random.fraction()` fica abaixo do peso.
#[rstest]
#[case::one_in_ten(0.1, 7)]
#[case::one_in_four(0.25, 8)]
#[case::nine_in_ten(0.9, 9)]
fn each_invocation_is_a_draw(#[case] weight: f64, #[case] seed: u64) {
    let mut function = three();
    alias(&mut function, "live", v(1), &[(v(2), weight)]);
    let (mut draws, mut random) = (Random::new(seed), Random::new(seed));
    for number in 1..=200 {
        let fraction = draws.fraction();
        let expected = if fraction < weight { v(2) } else { v(1) };
        let found = function.invoke(Some("live"), &mut random).map(|each| each.executed_version);
        expect_same!(
            found,
            Ok(expected),
            "peso {weight} para a versão 2 e sorteio {fraction:.3} na invocação {number}: roda `{expected}`; no seu \
             código, {}",
            outcome(&found)
        );
    }
}

/// Um sorteio igual ao peso fica na principal.
#[test]
fn a_draw_equal_to_the_weight_stays() {
    let weight = Random::new(5).fraction();
    let mut function = three();
    alias(&mut function, "live", v(1), &[(v(2), weight)]);
    let found = function.invoke(Some("live"), &mut Random::new(5)).map(|each| each.executed_version);
    expect_same!(
        found,
        Ok(v(1)),
        "o sorteio deu exatamente o peso da versão 2, {weight:.3}, e só um menor vai para ela: roda `1`; no seu código, {}",
        outcome(&found)
    );
}
