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
        todo!("confira a chave com check e guarde {key:?}")
    }

    /// CreateUsagePlanKey: põe uma chave que existe num plano que existe.
    pub fn create_usage_plan_key(&mut self, usage_plan_id: &str, key_id: &str) -> Result<(), ControlError> {
        todo!("ponha a chave {key_id} no plano {usage_plan_id}")
    }

    /// ImportApiKeys com `format=csv`: devolve os `id` das chaves, na ordem das linhas.
    pub fn import_api_keys(&mut self, csv: &str) -> Result<Vec<String>, ControlError> {
        todo!("leia as chaves de {csv:?}")
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
        let _ = (request, usage_identifier_key);
        todo!("descubra quem chamou {target:?}")
    }
}

/// Confere o tamanho do nome e o tamanho e as letras do valor.
pub fn check(key: &ApiKey) -> Result<(), ControlError> {
    todo!("confira {key:?}")
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
