//! As recusas da AWS a uma operação sobre stages, deployments e stage variables.
//!
//! As mensagens em inglês são as observadas na AWS; onde ela não é publicada, o texto é nosso e o comentário diz.

/// Por que a AWS recusa uma stage variable (400 `BadRequestException`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// O nome tem outro caractere além de `[A-Za-z0-9_]`, ou nenhum. A mensagem é a da AWS.
    #[error("Invalid stage variable name: {0}.  Please use names with only word characters.")]
    Name(String),
    /// O valor não é `[A-Za-z0-9-._~:/?#&=,]+`. A mensagem é a da AWS.
    #[error(
        "Invalid stage variable value: {0}.  Please use values with alphanumeric characters and the symbols ' ', -', '.', \
         '_', ':', '/', '?', '&', '=', and ','."
    )]
    Value(String),
    /// O nome passa de 64 caracteres. A mensagem da AWS não é publicada.
    #[error("o nome de uma stage variable tem até 64 caracteres")]
    LongName,
    /// O valor passa de 512 caracteres. A mensagem da AWS não é publicada.
    #[error("o valor de uma stage variable tem até 512 caracteres")]
    LongValue,
    /// O stage já tem 100 variáveis. A mensagem da AWS não é publicada.
    #[error("um stage tem até 100 variáveis")]
    TooMany,
}

/// Por que a AWS recusa uma operação sobre deployments e stages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// O stage não existe (404 `NotFoundException`).
    #[error("Invalid Stage identifier specified")]
    UnknownStage,
    /// O deployment não existe (400 `BadRequestException`).
    #[error("Deployment id does not exist")]
    UnknownDeployment,
    /// Já há um stage com este nome (409 `ConflictException`).
    #[error("Stage already exists")]
    StageExists,
    /// O nome não é de letras, dígitos, `-` e `_`, ou passa de 128. A mensagem da AWS não é publicada.
    #[error("`{0}` não serve de nome de stage")]
    InvalidStageName(String),
    /// A API já tem 10 stages. A mensagem da AWS não é publicada.
    #[error("uma API tem até 10 stages")]
    TooManyStages,
    /// Um deployment comum num stage que tem canary (400 `BadRequestException`). Leva o nome do stage. A mensagem é a de
    /// `CreateDeployment`; a de `UpdateStage` não é publicada.
    #[error(
        "Invalid deployment content specified.Non canary deployment not supported on stage {0} because Canary is enabled. \
         Provide CanarySettings in deploymentInput."
    )]
    CanaryEnabled(String),
    /// Um deployment de canary num stage que não existe (400 `BadRequestException`). Leva o nome do stage.
    #[error(
        "Invalid deployment content specified.Stage {0} must already be created before making a canary release deployment"
    )]
    CanaryWithoutStage(String),
    /// Não há canary para promover (400 `BadRequestException`).
    #[error("Promotion not available. Canary does not exist.")]
    NoCanary,
}
