//! Engano: com `AUTHORIZER`, usar o cabeçalho quando o authorizer não devolveu a chave.
//!
//! Chaves de API e planos de uso: quem é este cliente e em qual plano as requisições dele contam.
//!
//! ```text
//!   x-api-key ─┐                                        ┌─▶ Client { key_id, usage_plan_id }
//!              ├─▶ valor ─▶ chave habilitada ─▶ plano que tem a chave e este stage
//!   authorizer ┘                 └──────────────────────┴─▶ 403 Forbidden, sempre igual
//! ```
//!
//! Páginas: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html> e
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html>.

use std::fmt;

use thiserror::Error;

use crate::model::{GatewayResponseType, Refusal, Request};

/// Uma chave de API. O `value` é o segredo que o cliente manda; o `id` só existe dentro da conta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// O identificador da chave, como `k1`.
    pub id: String,
    /// O nome que a pessoa deu; pode repetir.
    pub name: String,
    /// O valor que vai na requisição; não repete na conta.
    pub value: String,
    /// Falso quando a chave foi desabilitada.
    pub enabled: bool,
}

/// Um stage de uma API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiStage {
    /// O id da API: `a1b2c3d4e5`.
    pub api_id: String,
    /// O nome do stage: `prod`.
    pub stage: String,
}

impl ApiStage {
    /// O stage `stage` da API `api_id`.
    pub fn new(api_id: &str, stage: &str) -> Self {
        Self { api_id: api_id.to_owned(), stage: stage.to_owned() }
    }
}

impl fmt::Display for ApiStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.api_id, self.stage)
    }
}

/// Um plano de uso: os stages que ele abre e as chaves que estão nele.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsagePlan {
    /// O identificador do plano.
    pub id: String,
    /// Os stages do plano, de uma ou de várias APIs.
    pub api_stages: Vec<ApiStage>,
    /// Os `id` das chaves associadas.
    pub key_ids: Vec<String>,
}

/// De onde a API lê a chave (`apiKeySource`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ApiKeySource {
    /// Do cabeçalho `x-api-key`.
    #[default]
    Header,
    /// Do `usageIdentifierKey` que o authorizer devolveu.
    Authorizer,
}

/// O método que a requisição alcançou, num stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// O stage que recebeu a requisição.
    pub at: ApiStage,
    /// O `apiKeySource` da API.
    pub api_key_source: ApiKeySource,
    /// O `apiKeyRequired` do método.
    pub api_key_required: bool,
}

/// Quem chamou: a chave e o plano em que as requisições dela contam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// O `id` da chave.
    pub key_id: String,
    /// O `id` do plano.
    pub usage_plan_id: String,
}

/// Por que a configuração foi recusada, com o nome da exceção da AWS.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ControlError {
    #[error("BadRequestException: API Key value should be at least 20 characters")]
    ValueTooShort,
    #[error("BadRequestException: API Key value exceeds maximum size of 128 characters")]
    ValueTooLong,
    #[error("BadRequestException: o valor da chave só pode ter letras e dígitos ASCII")]
    ValueNotAlphanumeric,
    #[error("BadRequestException: Invalid API Key name, can be at most 1024 characters.")]
    NameTooLong,
    #[error("ConflictException: API Key already exists")]
    ValueInUse,
    /// A chave já está em `usage_plan_id`, que tem o mesmo stage.
    #[error("ConflictException: a chave já está no plano {usage_plan_id} para o stage {api_stage}")]
    StageTaken { usage_plan_id: String, api_stage: ApiStage },
    #[error("LimitExceededException: a chave já está em 10 planos")]
    TooManyPlans,
    /// O plano ou a chave não existe.
    #[error("NotFoundException")]
    NotFound,
    /// O CSV não tem esta coluna, que é obrigatória: `Name` ou `Key`.
    #[error("BadRequestException: falta a coluna {0}")]
    MissingColumn(&'static str),
}

/// As chaves e os planos de uma conta numa região.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// As chaves, na ordem em que foram criadas.
    pub keys: Vec<ApiKey>,
    /// Os planos.
    pub plans: Vec<UsagePlan>,
}

impl Account {
    /// Um `id` que nenhuma chave da conta tem.
    pub fn next_key_id(&self) -> String {
        let mut number = self.keys.len() + 1;
        while self.keys.iter().any(|key| key.id == format!("k{number}")) {
            number += 1;
        }
        format!("k{number}")
    }

    /// CreateApiKey: confere a chave e a guarda.
    pub fn create_api_key(&mut self, key: ApiKey) -> Result<(), ControlError> {
        check(&key)?;
        if self.keys.iter().any(|other| other.value == key.value) {
            return Err(ControlError::ValueInUse);
        }
        self.keys.push(key);
        Ok(())
    }

    /// CreateUsagePlanKey: põe uma chave que existe num plano que existe.
    pub fn create_usage_plan_key(&mut self, usage_plan_id: &str, key_id: &str) -> Result<(), ControlError> {
        let plan = self.plans.iter().position(|plan| plan.id == usage_plan_id).ok_or(ControlError::NotFound)?;
        if !self.keys.iter().any(|key| key.id == key_id) {
            return Err(ControlError::NotFound);
        }
        let current = || self.plans.iter().filter(|other| other.key_ids.iter().any(|id| id == key_id));
        for other in current() {
            if let Some(taken) = self.plans[plan].api_stages.iter().find(|stage| other.api_stages.contains(stage)) {
                return Err(ControlError::StageTaken { usage_plan_id: other.id.clone(), api_stage: taken.clone() });
            }
        }
        if current().count() >= 10 {
            return Err(ControlError::TooManyPlans);
        }
        self.plans[plan].key_ids.push(key_id.to_owned());
        Ok(())
    }

    /// ImportApiKeys com `format=csv`: devolve os `id` das chaves, na ordem das linhas.
    pub fn import_api_keys(&mut self, csv: &str) -> Result<Vec<String>, ControlError> {
        let mut lines = csv.lines().filter(|line| !line.trim().is_empty());
        let header = lines.next().map(split_row).unwrap_or_default();
        let column = |name: &str| header.iter().position(|each| each.eq_ignore_ascii_case(name));
        let name = column("Name").ok_or(ControlError::MissingColumn("Name"))?;
        let value = column("Key").ok_or(ControlError::MissingColumn("Key"))?;
        let (enabled, plans) = (column("Enabled"), column("UsagePlanIds"));

        let mut ids = Vec::new();
        for line in lines {
            let row = split_row(line);
            let cell = |column: Option<usize>| column.and_then(|at| row.get(at)).map_or("", String::as_str);
            let mut key = ApiKey {
                id: self.next_key_id(),
                name: cell(Some(name)).to_owned(),
                value: cell(Some(value)).to_owned(),
                enabled: !cell(enabled).eq_ignore_ascii_case("false"),
            };
            check(&key)?;
            if let Some(known) = self.keys.iter_mut().find(|known| known.value == key.value) {
                key.id.clone_from(&known.id);
                *known = key.clone();
            } else {
                self.keys.push(key.clone());
            }
            for plan in cell(plans).split(',').map(str::trim).filter(|plan| !plan.is_empty()) {
                self.create_usage_plan_key(plan, &key.id)?;
            }
            ids.push(key.id);
        }
        Ok(ids)
    }

    /// Descobre quem chamou. `None` quando o método não exige chave.
    ///
    /// `usage_identifier_key` é o que o authorizer devolveu, se houve um.
    pub fn identify(
        &self,
        target: &Target,
        request: &Request,
        usage_identifier_key: Option<&str>,
    ) -> Result<Option<Client>, Refusal> {
        if !target.api_key_required {
            return Ok(None);
        }
        let value = match target.api_key_source {
            ApiKeySource::Header => request.headers.get("x-api-key"),
            ApiKeySource::Authorizer => usage_identifier_key.or_else(|| request.headers.get("x-api-key")),
        };
        let client = value.and_then(|value| {
            let key = self.keys.iter().find(|key| key.value == value && key.enabled)?;
            let plan = self
                .plans
                .iter()
                .find(|plan| plan.api_stages.contains(&target.at) && plan.key_ids.contains(&key.id))?;
            Some(Client { key_id: key.id.clone(), usage_plan_id: plan.id.clone() })
        });
        match client {
            Some(client) => Ok(Some(client)),
            None => Err(forbidden()),
        }
    }
}

/// Confere o tamanho do nome e o tamanho e as letras do valor.
pub fn check(key: &ApiKey) -> Result<(), ControlError> {
    if key.name.chars().count() > 1_024 {
        return Err(ControlError::NameTooLong);
    }
    match key.value.chars().count() {
        0..20 => Err(ControlError::ValueTooShort),
        129.. => Err(ControlError::ValueTooLong),
        _ if !key.value.chars().all(|c| c.is_ascii_alphanumeric()) => Err(ControlError::ValueNotAlphanumeric),
        _ => Ok(()),
    }
}

/// A única resposta a uma chave que não serve, seja qual for o motivo.
pub fn forbidden() -> Refusal {
    Refusal::new(GatewayResponseType::InvalidApiKey, "Forbidden")
}

/// As células de uma linha do CSV. As aspas em volta de uma célula, simples ou duplas, seguram as vírgulas dela e não ficam no
/// valor.
///
/// ```
/// use gateway::api_keys::split_row;
///
/// assert_eq!(split_row("true,App,abc,\"p1,p2\""), ["true", "App", "abc", "p1,p2"]);
/// assert_eq!(split_row("Caixa d'água,,"), ["Caixa d'água", "", ""]);
/// ```
pub fn split_row(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quote = None;
    for c in line.trim_end_matches('\r').chars() {
        let Some(cell) = cells.last_mut() else { break };
        match (quote, c) {
            (None, '"' | '\'') if cell.is_empty() => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, ',') => cells.push(String::new()),
            _ => cell.push(c),
        }
    }
    cells
}
