//! A API do escritório com os seus limites: o que os testes do passo `throttling` montam.

use gateway::limits::{ApiStage, Call, Client, Limits, Quota, QuotaPeriod, StageSettings, Target, Throttle, UsagePlan};
use gateway::model::Method;
use gateway::throttling::{BucketOwner, Exceeded, Level, Limiter};
use kit::text::count;
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

use crate::support::expect_same;

pub const WEATHER: &str = "a1b2c3d4e5";
pub const CRACHA: &str = "c9d8e7f6g5";
pub const COOPERATIVE: &str = "wine";
pub const RADIO: &str = "radio";

/// O instante do alerta de granizo: domingo, 22 de novembro de 2026, 17h02 UTC (14h02 em Serra Clara).
pub const ALERT: UtcDateTime = utc_datetime!(2026-11-22 17:02);

/// Um limite que nenhum teste enche.
pub const WIDE: Throttle = Throttle::new(100_000.0, 100_000);

/// `milliseconds` depois do alerta.
pub fn after(milliseconds: i64) -> UtcDateTime {
    ALERT + Duration::milliseconds(milliseconds)
}

/// `GET` em um recurso da API do escritório, no stage `prod`, sem chave.
pub fn get(resource: &str) -> Call<'_> {
    Call { api_id: WEATHER, stage: "prod", resource, method: Method::Get, api_key: None }
}

/// A mesma chamada com uma chave.
pub fn with_key<'a>(call: Call<'a>, api_key: &'a str) -> Call<'a> {
    Call { api_key: Some(api_key), ..call }
}

/// Só a conta limita, e folgadamente.
pub fn open() -> Limits {
    Limits { plans: Vec::new(), stages: Vec::new(), account: WIDE, region: None }
}

/// O plano `parceiros`, das chaves da cooperativa e da rádio, nos stages `prod` e `dev`, desde o dia 1º.
pub fn partners(throttle: Option<Throttle>, quota: Option<Quota>) -> UsagePlan {
    let stage = |stage: &str| ApiStage { api_id: WEATHER.into(), stage: stage.into(), ..ApiStage::default() };
    UsagePlan {
        id: "parceiros".into(),
        api_keys: vec![COOPERATIVE.into(), RADIO.into()],
        api_stages: vec![stage("prod"), stage("dev")],
        throttle,
        quota,
        since: utc_datetime!(2026-11-01 0:00),
    }
}

/// A mesma configuração com um plano.
pub fn with_plan(limits: Limits, plan: UsagePlan) -> Limits {
    Limits { plans: vec![plan], ..limits }
}

/// A mesma configuração com limites por método no stage `prod` da API do escritório.
pub fn with_methods(limits: Limits, settings: &[(&str, Throttle)]) -> Limits {
    let method_settings = settings.iter().map(|(path, throttle)| ((*path).to_owned(), *throttle)).collect();
    let stage = StageSettings { api_id: WEATHER.into(), stage: "prod".into(), method_settings };
    Limits { stages: vec![stage], ..limits }
}

/// `limit` por dia, sem desconto.
pub fn per_day(limit: u64) -> Quota {
    Quota { limit, offset: 0, period: QuotaPeriod::Day }
}

pub fn client(api_key: &str) -> Client {
    Client { plan: "parceiros".into(), api_key: api_key.into() }
}

pub fn target(method_path: &str) -> Target {
    Target { api_id: WEATHER.into(), stage: "prod".into(), method_path: method_path.into() }
}

/// Os baldes de uma chamada, para as mensagens: `cliente wine 50/s até 100, conta 100000/s até 100000`.
pub fn shown(buckets: &[(BucketOwner, Throttle)]) -> String {
    let one = |(owner, throttle): &(BucketOwner, Throttle)| {
        let who = match owner {
            BucketOwner::Client(client) => format!("cliente {}", client.api_key),
            BucketOwner::ClientMethod(client, target) => {
                format!("cliente {} em {}", client.api_key, target.method_path)
            }
            BucketOwner::Method(target) => format!("método {}", target.method_path),
            BucketOwner::Account => "conta".to_owned(),
            BucketOwner::Region => "região".to_owned(),
        };
        format!("{who} {}/s até {}", throttle.rate_limit, throttle.burst_limit)
    };
    buckets.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// O fim de uma requisição, para as mensagens.
pub fn fate(result: Result<(), Exceeded>) -> &'static str {
    match result {
        Ok(()) => "aceita",
        Err(Exceeded::Throttle(Level::UsagePlan)) => "recusada no nível do plano de uso",
        Err(Exceeded::Throttle(Level::Method)) => "recusada no nível do método",
        Err(Exceeded::Throttle(Level::Account)) => "recusada no nível da conta",
        Err(Exceeded::Throttle(Level::Region)) => "recusada no nível da região",
        Err(Exceeded::Quota) => "recusada pela cota",
    }
}

/// Faz `number` chamadas iguais em `now`, que devem passar todas; `rule` diz por quê.
pub fn expect_all(limiter: &mut Limiter, number: usize, call: &Call<'_>, now: UtcDateTime, rule: &str) {
    for turn in 1..=number {
        let result = limiter.admit(call, now);
        expect_same!(
            result,
            Ok(()),
            "{rule}; de {}, todas são aceitas, mas no seu `admit` a {turn}ª foi {}",
            count(number, "requisição", "requisições"),
            fate(result)
        );
    }
}

/// Faz uma chamada, que deve terminar em `expected`; `rule` diz por quê.
pub fn expect_one(
    limiter: &mut Limiter,
    call: &Call<'_>,
    now: UtcDateTime,
    expected: Result<(), Exceeded>,
    rule: &str,
) {
    let result = limiter.admit(call, now);
    expect_same!(result, expected, "{rule}: a requisição é {}; no seu `admit` foi {}", fate(expected), fate(result));
}
