//! Versões e aliases: a cópia que não muda, o nome que aponta para ela e o sorteio entre duas.
//!
//! ```text
//!   $LATEST ──PublishVersion──▶ 1, 2, 3 …      (cópias: nunca mudam)
//!                               ▲   ▲
//!                          90%  │   │  10%
//!                               └ live ┘        (alias: um nome que se pode mover)
//! ```
//!
//! Segue `configuration-versions`, `configuration-aliases` e `configuring-alias-routing`, do guia do Lambda, e as operações
//! `PublishVersion`, `CreateAlias` e `UpdateAlias`.

use std::collections::BTreeMap;
use std::fmt;

use kit::Random;

/// O código e a configuração de uma função.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// O resumo do pacote de código: muda quando o código muda.
    pub code_sha256: String,
    /// O texto livre que descreve a função.
    pub description: String,
    /// Memória, em MB.
    pub memory_size: u32,
    /// O ARN da *execution role*, o papel com que a função roda.
    pub role: String,
    /// O ARN da DLQ da função, em `DeadLetterConfig`.
    pub dead_letter_target: Option<String>,
}

/// Qual versão: a que ainda se edita ou uma das publicadas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VersionId {
    /// `$LATEST`.
    Latest,
    /// Uma versão publicada.
    Published(u64),
}

/// Como a AWS escreve a versão: `$LATEST` ou o número. É o valor de `X-Amz-Executed-Version`.
impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::Published(number) => write!(f, "{number}"),
        }
    }
}

/// `AdditionalVersionWeights`: a fração das invocações que vai para a outra versão.
pub type Weights = BTreeMap<VersionId, f64>;

/// Um alias: um nome para uma versão, ou para duas.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// `FunctionVersion`: a versão que fica com o que não for para a outra.
    pub function_version: VersionId,
    /// A outra versão, se houver.
    pub weights: Weights,
}

/// O que se pede a `PublishVersion`. `None` é um campo que não veio.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishVersion {
    /// Só publica se o código de `$LATEST` for este.
    pub code_sha256: Option<String>,
    /// A descrição da versão, no lugar da de `$LATEST`.
    pub description: Option<String>,
}

/// Um erro da API.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// 400 `InvalidParameterValueException`: o código de `$LATEST` não é o pedido.
    #[error(
        "CodeSHA256 ({requested}) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the \
         CodeSHA256 in $LATEST."
    )]
    CodeChanged {
        /// O que veio no pedido.
        requested: String,
        /// O de `$LATEST`.
        current: String,
    },
    /// 400 `ValidationException`: o nome do alias não segue o padrão.
    #[error(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
    )]
    AliasNamePattern {
        /// O nome.
        name: String,
    },
    /// 400 `ValidationException`: o nome do alias passa de 128 caracteres.
    #[error(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must have length less \
         than or equal to 128"
    )]
    AliasNameTooLong {
        /// O nome.
        name: String,
    },
    /// 409 `ResourceConflictException`: já existe um alias com o nome.
    #[error("Alias already exists: {arn}")]
    AliasExists {
        /// O ARN do alias.
        arn: String,
    },
    /// 404 `ResourceNotFoundException`: o alias a mudar não existe.
    #[error("Cannot find alias arn: {arn}")]
    AliasNotFound {
        /// O ARN do alias.
        arn: String,
    },
    /// 404 `ResourceNotFoundException`: não há o que o ARN nomeia.
    #[error("Function not found: {arn}")]
    FunctionNotFound {
        /// O ARN da função, com o qualificador pedido.
        arn: String,
    },
    /// 400 `InvalidParameterValueException`: mais de uma versão com peso.
    #[error("Number of items in AdditionalVersionWeights cannot be greater than 1")]
    TooManyWeights,
    /// 400 `ValidationException`: um peso fora de 0,0 a 1,0.
    #[error(
        "1 validation error detected: Value '{{{version}={weight:?}}}' at 'routingConfig.additionalVersionWeights' failed to \
         satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member \
         must have value greater than or equal to 0.0, Member must not be null]"
    )]
    WeightOutOfRange {
        /// A versão.
        version: VersionId,
        /// O peso dela.
        weight: f64,
    },
    /// 400 `InvalidParameterValueException`: as duas versões são a mesma.
    #[error(
        "Invalid function version {version}. Function version {version} is already included in routing configuration."
    )]
    SameVersion {
        /// A versão.
        version: VersionId,
    },
    /// 400 `ValidationException`: `$LATEST` com peso.
    #[error(
        "1 validation error detected: Value '{{$LATEST={weight:?}}}' at 'routingConfig.additionalVersionWeights' failed to \
         satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member \
         must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]"
    )]
    WeightOnLatest {
        /// O peso.
        weight: f64,
    },
    /// 400 `InvalidParameterValueException`: `$LATEST` é a versão principal de um alias com duas.
    #[error("$LATEST is not supported for an alias pointing to more than 1 version")]
    LatestWithWeights,
    /// As duas versões não têm a mesma *execution role*. O texto da AWS não é publicado.
    #[error("as duas versões do alias precisam da mesma execution role")]
    DifferentRole,
    /// As duas versões não têm a mesma DLQ. O texto da AWS não é publicado.
    #[error("as duas versões do alias precisam da mesma DLQ, ou de nenhuma")]
    DifferentDeadLetterQueue,
}

/// Uma invocação aceita.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// O ARN com que a função foi chamada: o que ela vê em `invoked_function_arn`.
    pub invoked_function_arn: String,
    /// A versão que rodou: o cabeçalho `X-Amz-Executed-Version`.
    pub executed_version: VersionId,
    /// O código e a configuração que rodaram.
    pub configuration: Configuration,
}

/// Uma função, com as suas versões e os seus aliases.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// O ARN sem qualificador.
    pub arn: String,
    /// `$LATEST`, que muda a cada implantação.
    pub latest: Configuration,
    /// As versões publicadas que ainda existem.
    pub versions: BTreeMap<u64, Configuration>,
    /// O número da última versão publicada e a cópia de `$LATEST` de que ela saiu, sem trocar a descrição.
    pub last_published: Option<(u64, Configuration)>,
    /// Os aliases, por nome.
    pub aliases: BTreeMap<String, Alias>,
}

impl Function {
    /// Uma função recém-criada, só com `$LATEST`.
    pub fn new(arn: &str, latest: Configuration) -> Self {
        Self { arn: arn.to_owned(), latest, versions: BTreeMap::new(), last_published: None, aliases: BTreeMap::new() }
    }

    /// O ARN com um qualificador: `arn:…:function:get-forecast:live`.
    pub fn qualified_arn(&self, qualifier: &str) -> String {
        format!("{}:{qualifier}", self.arn)
    }

    /// Apaga uma versão publicada. Vem pronto, e não confere se algum alias aponta para ela.
    pub fn delete_version(&mut self, number: u64) {
        self.versions.remove(&number);
    }

    /// O código e a configuração de uma versão, se ela existe.
    pub fn configuration(&self, version: VersionId) -> Option<&Configuration> {
        match version {
            VersionId::Latest => Some(&self.latest),
            VersionId::Published(number) => self.versions.get(&number),
        }
    }

    /// `PublishVersion`: copia `$LATEST` para uma versão nova e diz o número dela.
    ///
    /// # Errors
    /// [`ApiError::CodeChanged`].
    pub fn publish_version(&mut self, request: &PublishVersion) -> Result<u64, ApiError> {
        // passo: começo — copia `$LATEST` para uma versão, se houver o que publicar em {request:?}
        if let Some(requested) = request.code_sha256.as_ref().filter(|sha| **sha != self.latest.code_sha256) {
            return Err(ApiError::CodeChanged {
                requested: requested.clone(),
                current: self.latest.code_sha256.clone(),
            });
        }
        let number = match &self.last_published {
            Some((number, source)) if *source == self.latest => return Ok(*number),
            Some((number, _)) => number + 1,
            None => 1,
        };
        let mut copy = self.latest.clone();
        if let Some(description) = &request.description {
            copy.description.clone_from(description);
        }
        self.versions.insert(number, copy);
        self.last_published = Some((number, self.latest.clone()));
        Ok(number)
        // passo: fim
    }

    /// `CreateAlias`: dá um nome a uma versão, ou a duas. Devolve o ARN do alias.
    ///
    /// # Errors
    /// [`ApiError`], e nada muda.
    pub fn create_alias(
        &mut self,
        name: &str,
        function_version: VersionId,
        weights: Weights,
    ) -> Result<String, ApiError> {
        // passo: começo — confere o nome {name:?} e as versões {function_version} e {weights:?}, e cria o alias
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        // Um nome vazio cai na segunda pergunta: nenhum caractere deixa de ser um número.
        if !name.chars().all(allowed) || name.chars().all(|c| c.is_ascii_digit()) {
            return Err(ApiError::AliasNamePattern { name: name.to_owned() });
        }
        if name.len() > 128 {
            return Err(ApiError::AliasNameTooLong { name: name.to_owned() });
        }
        let arn = self.qualified_arn(name);
        if self.aliases.contains_key(name) {
            return Err(ApiError::AliasExists { arn });
        }
        let alias = Alias { function_version, weights };
        self.check(&alias)?;
        self.aliases.insert(name.to_owned(), alias);
        Ok(arn)
        // passo: fim
    }

    /// `UpdateAlias`: move o alias. `None` é um campo que não veio e fica como estava.
    ///
    /// # Errors
    /// [`ApiError`], e nada muda.
    pub fn update_alias(
        &mut self,
        name: &str,
        function_version: Option<VersionId>,
        weights: Option<Weights>,
    ) -> Result<(), ApiError> {
        // passo: começo — muda o alias {name:?} para {function_version:?} e {weights:?}, com as mesmas regras
        let Some(current) = self.aliases.get(name) else {
            return Err(ApiError::AliasNotFound { arn: self.qualified_arn(name) });
        };
        let alias = Alias {
            function_version: function_version.unwrap_or(current.function_version),
            weights: weights.unwrap_or_else(|| current.weights.clone()),
        };
        self.check(&alias)?;
        self.aliases.insert(name.to_owned(), alias);
        Ok(())
        // passo: fim
    }

    /// As regras de um alias, de uma versão ou de duas.
    ///
    /// # Errors
    /// [`ApiError`], a regra que ele quebra.
    pub fn check(&self, alias: &Alias) -> Result<(), ApiError> {
        // passo: começo — confere as versões e o peso de {alias:?}
        let find = |version: VersionId| {
            let missing = || ApiError::FunctionNotFound { arn: self.qualified_arn(&version.to_string()) };
            self.configuration(version).ok_or_else(missing)
        };
        let main = find(alias.function_version)?;
        let mut weights = alias.weights.iter();
        let Some((&version, &weight)) = weights.next() else {
            return Ok(());
        };
        if weights.next().is_some() {
            return Err(ApiError::TooManyWeights);
        }
        if version == VersionId::Latest {
            return Err(ApiError::WeightOnLatest { weight });
        }
        if !(0.0..=1.0).contains(&weight) {
            return Err(ApiError::WeightOutOfRange { version, weight });
        }
        if alias.function_version == VersionId::Latest {
            return Err(ApiError::LatestWithWeights);
        }
        if version == alias.function_version {
            return Err(ApiError::SameVersion { version });
        }
        let other = find(version)?;
        if main.role != other.role {
            return Err(ApiError::DifferentRole);
        }
        if main.dead_letter_target != other.dead_letter_target {
            return Err(ApiError::DifferentDeadLetterQueue);
        }
        Ok(())
        // passo: fim
    }

    /// `Invoke`: acha a versão que o qualificador nomeia; num alias de duas, sorteia com `random.fraction()`.
    ///
    /// # Errors
    /// [`ApiError::FunctionNotFound`].
    pub fn invoke(&self, qualifier: Option<&str>, random: &mut Random) -> Result<Execution, ApiError> {
        // passo: começo — acha a versão de {qualifier:?} e diz o que rodou
        // passo: usa random
        let invoked_function_arn = qualifier.map_or_else(|| self.arn.clone(), |each| self.qualified_arn(each));
        let version = match qualifier {
            None | Some("$LATEST") => Some(VersionId::Latest),
            Some(name) => match (name.parse(), self.aliases.get(name)) {
                (Ok(number), _) => Some(VersionId::Published(number)),
                (_, Some(alias)) => Some(alias.pick(random)),
                _ => None,
            },
        };
        let found = version.and_then(|version| Some((version, self.configuration(version)?)));
        let Some((executed_version, configuration)) = found else {
            return Err(ApiError::FunctionNotFound { arn: invoked_function_arn });
        };
        Ok(Execution { invoked_function_arn, executed_version, configuration: configuration.clone() })
        // passo: fim
    }
}

impl Alias {
    /// A versão que atende uma invocação: a outra, quando `random.fraction()` fica abaixo do peso dela.
    pub fn pick(&self, random: &mut Random) -> VersionId {
        // passo: começo — sorteia uma das versões do alias
        // passo: usa random
        match self.weights.first_key_value() {
            Some((&version, &weight)) if random.fraction() < weight => version,
            _ => self.function_version,
        }
        // passo: fim
    }
}
