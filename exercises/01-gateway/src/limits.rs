//! O que limita uma API: planos de uso, limites por método, conta e região. Só a configuração, no formato da AWS; quem a
//! aplica é o passo `throttling`.
//!
//! ```text
//!   Limits ─┬─ UsagePlan ── ApiStage   por cliente, ou por cliente e método
//!           ├─ StageSettings           por método
//!           └─ account, region         por conta e por região
//! ```
//!
//! Segue `UsagePlan` e `Stage`, da API do API Gateway.

use std::collections::BTreeMap;

use time::{Duration, UtcDateTime};

use crate::model::Method;

/// Um limite de requisições: a taxa e a rajada.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// `rateLimit`: quantas fichas entram no balde por segundo.
    pub rate_limit: f64,
    /// `burstLimit`: quantas fichas cabem no balde.
    pub burst_limit: u32,
}

impl Throttle {
    /// Um limite.
    pub const fn new(rate_limit: f64, burst_limit: u32) -> Self {
        Self { rate_limit, burst_limit }
    }

    /// O limite padrão de uma conta na região: 10.000 por segundo e rajada de 5.000, menos nas regiões menores.
    pub fn of_account(region: &str) -> Self {
        const SMALLER: [&str; 13] = [
            "af-south-1",
            "ap-south-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-7",
            "ca-west-1",
            "eu-central-2",
            "eu-south-1",
            "eu-south-2",
            "il-central-1",
            "me-central-1",
            "mx-central-1",
        ];
        if SMALLER.contains(&region) { Self::new(2_500.0, 1_250) } else { Self::new(10_000.0, 5_000) }
    }
}

/// Fichas, com a fração, em um inteiro: a unidade é 10⁻¹⁸ de ficha. Em `f64`, 0,1 somado dez vezes não dá 1; aqui dá.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tokens(u128);

impl Tokens {
    /// Uma ficha: o preço de uma requisição.
    pub const ONE: Self = Self(1_000_000_000_000_000_000);

    /// `count` fichas inteiras.
    pub fn whole(count: u32) -> Self {
        Self(u128::from(count) * Self::ONE.0)
    }

    /// O que a taxa de `throttle` produz em `elapsed`, sem olhar se cabe no balde e sem arredondar.
    pub fn refilled(throttle: Throttle, elapsed: Duration) -> Self {
        // Taxa em 10⁻⁹ de ficha por segundo vezes tempo em 10⁻⁹ de segundo: o produto já está em 10⁻¹⁸ de ficha.
        let rate = (throttle.rate_limit * 1e9).round() as u128;
        let nanoseconds = u128::try_from(elapsed.whole_nanoseconds()).unwrap_or(0);
        Self(rate.saturating_mul(nanoseconds))
    }

    /// A soma.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// A diferença; `None` quando não há tantas fichas.
    pub fn checked_minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// O número para mostrar a uma pessoa.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }
}

/// O período de uma cota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaPeriod {
    /// `DAY`
    Day,
    /// `WEEK`
    Week,
    /// `MONTH`
    Month,
}

/// A cota de um plano de uso: quantas requisições uma chave pode fazer por período.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// O total de um período inteiro.
    pub limit: u64,
    /// Quantas requisições são descontadas do total no período inicial.
    pub offset: u64,
    /// O período.
    pub period: QuotaPeriod,
}

/// Um stage a que um plano de uso dá acesso.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApiStage {
    /// A API: `a1b2c3d4e5`.
    pub api_id: String,
    /// O stage: `prod`.
    pub stage: String,
    /// Os limites de cada cliente por método, com a chave de [`Call::method_path`]: `/alerts/GET`.
    pub throttle: BTreeMap<String, Throttle>,
}

/// Um plano de uso (*usage plan*).
#[derive(Debug, Clone, PartialEq)]
pub struct UsagePlan {
    /// O id do plano.
    pub id: String,
    /// Os ids das chaves de API do plano.
    pub api_keys: Vec<String>,
    /// Os stages do plano.
    pub api_stages: Vec<ApiStage>,
    /// O limite de cada chave.
    pub throttle: Option<Throttle>,
    /// A cota de cada chave.
    pub quota: Option<Quota>,
    /// Desde quando o plano existe.
    pub since: UtcDateTime,
}

/// Os limites por método de um stage, os mesmos para qualquer cliente.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StageSettings {
    /// A API.
    pub api_id: String,
    /// O stage.
    pub stage: String,
    /// O limite de cada método, com a chave de [`Call::method_path`]; `*/*` vale para os métodos sem limite próprio.
    pub method_settings: BTreeMap<String, Throttle>,
}

/// Tudo o que limita as APIs de uma conta em uma região.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Os planos de uso; uma chave está em um plano só por stage.
    pub plans: Vec<UsagePlan>,
    /// Os stages com limites por método.
    pub stages: Vec<StageSettings>,
    /// O limite da conta, que todas as APIs dela dividem.
    pub account: Throttle,
    /// O limite da AWS na região. Ela não o publica; com `None` este nível não recusa ninguém.
    pub region: Option<Throttle>,
}

impl Limits {
    /// O plano de uso que vale para a chamada; `None` se ela não tem chave ou a chave não tem plano neste stage.
    pub fn subscription(&self, call: &Call<'_>) -> Option<Subscription<'_>> {
        let api_key = call.api_key?;
        self.plans.iter().filter(|plan| plan.api_keys.iter().any(|each| each == api_key)).find_map(|plan| {
            let stage = plan.api_stages.iter().find(|each| each.api_id == call.api_id && each.stage == call.stage)?;
            let client = Client { plan: plan.id.clone(), api_key: api_key.to_owned() };
            Some(Subscription { client, plan, stage })
        })
    }

    /// Os limites por método do stage da chamada, se ele tem algum.
    pub fn stage_settings(&self, call: &Call<'_>) -> Option<&StageSettings> {
        self.stages.iter().find(|each| each.api_id == call.api_id && each.stage == call.stage)
    }
}

/// O plano de uso que vale para uma chamada.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription<'a> {
    /// O cliente.
    pub client: Client,
    /// O plano.
    pub plan: &'a UsagePlan,
    /// O stage da chamada, dentro do plano.
    pub stage: &'a ApiStage,
}

/// Um cliente de um plano: quem um plano de uso limita é a chave.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Client {
    /// O id do plano.
    pub plan: String,
    /// O id da chave.
    pub api_key: String,
}

/// Um método de um stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// A API.
    pub api_id: String,
    /// O stage.
    pub stage: String,
    /// O método, como em [`Call::method_path`].
    pub method_path: String,
}

/// Uma requisição, no que interessa aos limites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// A API.
    pub api_id: &'a str,
    /// O stage.
    pub stage: &'a str,
    /// O recurso, como foi declarado: `/cities/{city}`.
    pub resource: &'a str,
    /// O verbo.
    pub method: Method,
    /// O id da chave de API, se veio uma.
    pub api_key: Option<&'a str>,
}

impl Call<'_> {
    /// O método como a AWS o escreve nos limites: `/cities/{city}/GET`.
    pub fn method_path(&self) -> String {
        format!("{}/{}", self.resource, self.method)
    }

    /// O método chamado.
    pub fn target(&self) -> Target {
        let (api_id, stage) = (self.api_id.to_owned(), self.stage.to_owned());
        Target { api_id, stage, method_path: self.method_path() }
    }
}
