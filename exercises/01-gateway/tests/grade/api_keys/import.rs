//! A importação de chaves por CSV: o que cada linha vira, o que acontece com uma chave que já existe e o que é recusado.

use gateway::api_keys::{Account, ApiKey, ControlError};
use rstest::rstest;

use crate::support::expect_same;
use crate::support::keys::*;

const STATION: &str = "estacaoVinhedo0000000001";

/// A conta do escritório com mais um plano, de outra API.
fn with_other_plan() -> Account {
    let mut account = office();
    account.plans.push(plan("outro", &[("x0x0x0x0x0", "prod")], &["civil"]));
    account
}

/// O CSV como se lê numa linha, com as quebras à vista.
fn shown(csv: &str) -> String {
    csv.replace('\r', "␍").replace('\n', "␊")
}

/// Os ids devolvidos, ou o erro.
fn ids(result: &Result<Vec<String>, ControlError>) -> String {
    match result {
        Ok(ids) => format!("[{}]", ids.join(", ")),
        Err(_) => done(result),
    }
}

/// O CSV traz nome, valor, se está habilitada e os planos, em qualquer ordem e caixa
#[rstest]
#[case::all_columns(
    "Enabled,Name,KEY,UsageplanIds\nFALSE,Estação,estacaoVinhedo0000000001,vazio",
    ("Estação", false, "vazio")
)]
#[case::two_plans_between_quotes(
    "usageplanids,NAME,key,enabled\n\"outro,vazio\",Estação,estacaoVinhedo0000000001,TRUE",
    ("Estação", true, "outro vazio")
)]
#[case::unknown_column_and_empty_cells(
    "Name,Dono,Key,Enabled,UsagePlanIds,Description\r\nEstação,Ana,estacaoVinhedo0000000001,,,\r\n",
    ("Estação", true, "")
)]
#[case::only_the_required("Key,name\nestacaoVinhedo0000000001,Estação", ("Estação", true, ""))]
#[case::enabled_is_not_a_boolean("Name,Key,Enabled\nEstação,estacaoVinhedo0000000001,no", ("Estação", true, ""))]
fn a_csv_row_becomes_a_key(#[case] csv: &str, #[case] expected: (&str, bool, &str)) {
    let mut account = with_other_plan();
    let got = account.import_api_keys(csv);
    let Some(imported) = account.keys.iter().find(|key| key.value == STATION) else {
        panic!(
            "o certo é a conta ter a chave {STATION}, e a sua tem {}; a importação deu {}. O CSV: {}",
            listed(&account.keys),
            ids(&got),
            shown(csv)
        )
    };
    let (name, enabled, plans) = expected;
    let right = ApiKey { id: imported.id.clone(), name: name.into(), value: STATION.into(), enabled };
    let (mine, joined) = (listed(std::slice::from_ref(imported)), plans_of(&account, &imported.id).join(" "));
    expect_same!(
        (imported, joined.as_str()),
        (&right, plans),
        "o certo é {}, nos planos [{plans}]; a sua é {mine}, nos planos [{joined}]. Cada célula vale na coluna do seu nome, e só \
         `false`, em qualquer caixa, desabilita. O CSV: {}",
        listed(std::slice::from_ref(&right)),
        shown(csv)
    );
    expect_same!(
        got,
        Ok(vec![imported.id.clone()]),
        "a importação devolve os ids das chaves, na ordem das linhas: o certo é [{}], veio {}",
        imported.id,
        ids(&got)
    );
}

/// Uma linha em branco não é uma chave, e à linha curta faltam só as células do fim
#[test]
fn blank_rows_are_skipped_and_short_rows_have_empty_cells() {
    let mut account = office();
    let csv =
        "Name,Key,Enabled,UsagePlanIds\n\nEstação,estacaoVinhedo0000000001\n\nRadar,radarDaSerraClara0000002,false\n";
    let got = account.import_api_keys(csv);
    let new = account.keys.get(3..).unwrap_or_default();
    let right: Vec<_> = [("Estação", STATION, true), ("Radar", "radarDaSerraClara0000002", false)]
        .into_iter()
        .zip(new.iter().map(|key| key.id.clone()).chain(["?".to_owned(), "?".to_owned()]))
        .map(|((name, value, enabled), id)| ApiKey { id, name: name.into(), value: value.into(), enabled })
        .collect();
    expect_same!(
        new,
        right.as_slice(),
        "o certo é entrarem no fim, nesta ordem, {}; na sua conta entraram {}, e a importação deu {}. O CSV: {}",
        listed(&right),
        listed(new),
        ids(&got),
        shown(csv)
    );
}

/// Os espaços em volta de um plano não contam; os de um nome ficam, e os de um valor são recusados
#[rstest]
#[case::around_the_plans("Name,Key,UsagePlanIds\nE,estacaoVinhedo0000000001,\" outro , vazio \"", "E", "outro vazio")]
#[case::around_the_name("Name,Key,UsagePlanIds\n Estação ,estacaoVinhedo0000000001,", " Estação ", "")]
fn spaces_around_plans_are_ignored_and_in_names_are_kept(#[case] csv: &str, #[case] name: &str, #[case] plans: &str) {
    let mut account = with_other_plan();
    let got = account.import_api_keys(csv);
    let imported = account.keys.iter().find(|key| key.value == STATION);
    let found = imported.map(|key| (key.name.as_str(), plans_of(&account, &key.id).join(" ")));
    expect_same!(
        found,
        Some((name, plans.to_owned())),
        "o certo é a chave {STATION} de nome `{name}`, nos planos [{plans}]; na sua conta o nome é `{}` e os planos são [{}], e a \
         importação deu {}. O CSV: {}",
        found.as_ref().map_or("(não há a chave)", |(name, _)| name),
        found.as_ref().map_or("", |(_, plans)| plans),
        ids(&got),
        shown(csv)
    );
}

/// Importar de novo um valor conhecido troca o nome e a situação da mesma chave, que fica onde estava
#[test]
fn importing_a_known_value_overwrites_the_key() {
    let mut account = office();
    let csv = format!("Name,Key,Enabled\nNova,{STATION},true\nCooperativa nova,{WINE},false\n");
    let got = account.import_api_keys(&csv);
    let new_id = account.keys.last().map(|key| key.id.clone()).unwrap_or_default();
    let mut right = office().keys;
    right[0] = ApiKey { name: "Cooperativa nova".into(), enabled: false, ..key("wine", WINE) };
    right.push(ApiKey { name: "Nova".into(), ..key(&new_id, STATION) });
    expect_same!(
        account.keys,
        right,
        "duas chaves com o mesmo valor são a mesma: a que existe mantém o id e o lugar na lista, e a nova vai para o fim. O certo \
         é {}; a sua conta tem {}",
        listed(&right),
        listed(&account.keys)
    );
    expect_same!(
        got,
        Ok(vec![new_id.clone(), "wine".to_owned()]),
        "são duas linhas, e a segunda é a da chave wine, que mantém o id: o certo é [{new_id}, wine], veio {}",
        ids(&got)
    );
    expect_same!(
        account.plans,
        office().plans,
        "o CSV não tem UsagePlanIds: a importação não põe nem tira chave de plano nenhum, e wine devia seguir em parceiros e \
         testes; na sua conta está em [{}]",
        plans_of(&account, "wine").join(", ")
    );
}

/// Importar de novo sem dizer `Enabled` habilita a chave, e um valor de outra caixa é outra chave
#[rstest]
#[case::without_the_column("Name,Key\nAntiga,cooperativaSerraClara2019", 3, true)]
#[case::empty_cell("Name,Key,Enabled\nAntiga,cooperativaSerraClara2019,", 3, true)]
#[case::another_case("Name,Key\nOutra,COOPERATIVAserraclara2019", 4, false)]
fn importing_again_enables_the_key(#[case] csv: &str, #[case] keys: usize, #[case] enabled: bool) {
    let mut account = office();
    let got = account.import_api_keys(csv);
    let old = account.keys.iter().find(|key| key.id == "old");
    expect_same!(
        (account.keys.len(), old.is_some_and(|old| old.enabled)),
        (keys, enabled),
        "a chave old tem o valor `{OLD}` e estava desabilitada. Depois deste CSV o certo são {keys} chaves na conta, com ela {}; a \
         sua conta tem {}, e a importação deu {}. Sem valor em Enabled a chave fica habilitada, e o valor é comparado na caixa \
         exata. O CSV: {}",
        if enabled { "habilitada" } else { "desabilitada" },
        listed(&account.keys),
        ids(&got),
        shown(csv)
    );
}

/// Os planos da linha também valem para a chave que já existe, e os que ela tinha ficam
#[test]
fn importing_a_known_value_joins_the_plans_too() {
    let mut account = with_other_plan();
    let got = account.import_api_keys(&format!("Name,Key,UsagePlanIds\nCooperativa,{WINE},outro\n"));
    let joined = plans_of(&account, "wine");
    expect_same!(
        joined,
        ["outro", "parceiros", "testes"],
        "a chave wine estava em parceiros e em testes, e a linha a põe em outro: importar acrescenta planos, não tira. O certo é \
         [outro, parceiros, testes]; na sua conta são [{}], e a importação deu {}",
        joined.join(", "),
        ids(&got)
    );
    let others = plans_of(&account, "civil");
    expect_same!(
        others,
        ["outro"],
        "a chave civil já estava em outro e continua lá; na sua conta ela está em [{}]",
        others.join(", ")
    );
}

/// Um CSV que não serve é recusado
#[rstest]
#[case::no_key("Name,Value\nEstação,estacaoVinhedo0000000001", ControlError::MissingColumn("Key"))]
#[case::no_name("Key,Description\nestacaoVinhedo0000000001,Estação", ControlError::MissingColumn("Name"))]
#[case::short_value("Name,Key\nEstação,curta", ControlError::ValueTooShort)]
#[case::empty_value("Name,Key\nEstação,", ControlError::ValueTooShort)]
#[case::spaces_in_the_value("Name,Key\nEstação, estacaoVinhedo0000000001", ControlError::ValueNotAlphanumeric)]
#[case::bad_second_row(
    "Name,Key\nEstação,estacaoVinhedo0000000001\nRadar,radar-da-serra-clara-2026",
    ControlError::ValueNotAlphanumeric
)]
#[case::unknown_plan("Name,Key,UsagePlanIds\nE,estacaoVinhedo0000000001,nenhum", ControlError::NotFound)]
fn a_bad_csv_is_refused(#[case] csv: &str, #[case] expected: ControlError) {
    let got = office().import_api_keys(csv);
    let expected = Err(expected);
    expect_same!(
        got,
        expected,
        "o certo é {}; a sua função deu {}. Name e Key são colunas obrigatórias, e cada linha obedece às regras da criação (sem \
         aparar espaços do valor) e da associação. O CSV: {}",
        ids(&expected),
        ids(&got),
        shown(csv)
    );
}

/// Também uma linha que troca uma chave conhecida passa pela conferência
#[test]
fn a_row_that_overwrites_is_checked_too() {
    let csv = format!("Name,Key\n{},{WINE}\n", "n".repeat(1_025));
    let got = office().import_api_keys(&csv);
    expect_same!(
        got,
        Err(ControlError::NameTooLong),
        "o certo é {}; a sua função deu {}. A linha traz o valor da chave wine, que já existe, e um nome de 1.025 caracteres: \
         cada linha é conferida, troque ou não uma chave",
        done(&Err::<(), _>(ControlError::NameTooLong)),
        ids(&got)
    );
}

/// A linha do CSV obedece à regra de um plano por stage
#[test]
fn a_row_cannot_break_the_one_plan_per_stage() {
    let got = office().import_api_keys(&format!("Name,Key,UsagePlanIds\nCooperativa,{WINE},vazio\n"));
    assert!(
        matches!(got, Err(ControlError::StageTaken { .. })),
        "a chave wine já tem planos para os dois stages de vazio, e a importação segue a mesma regra da associação: o certo é \
         StageTaken, e a sua função deu {}",
        ids(&got)
    );
}
