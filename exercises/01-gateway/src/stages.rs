//! Versões lado a lado: deployments que não mudam, stages que apontam para eles e um canary dentro de um stage.
//!
//! ```text
//!   configuração em edição ──create_deployment──▶ d1, d2, d3 … (cópias)
//!                                                  ▲       ▲
//!                             stage prod ──────────┘       │
//!                               └── canary, 10% ───────────┘
//!   requisição ──▶ select(stage, sorteio) ──▶ Selected: a cópia, as variáveis, se foi ao canary
//! ```
//!
//! Segue `set-up-deployments`, `stage-variables` e `canary-release`, do guia do API Gateway.

use std::collections::BTreeMap;
use std::fmt;

use kit::Random;

pub use crate::stage_error::{StageError, VariableError};

/// O identificador de um deployment de uma [`Api`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeploymentId(pub usize);

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d{}", self.0)
    }
}

/// As variáveis de um stage, ou as que um canary põe por cima delas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageVariables(BTreeMap<String, String>);

impl StageVariables {
    /// Nenhuma.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cria a variável `name`, ou troca o valor dela.
    ///
    /// # Errors
    /// [`VariableError`], e as variáveis ficam como estavam.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), VariableError> {
        todo!("confere {name:?}, {value:?} e quantas variáveis já há, e guarda")
    }

    /// O valor de `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Os pares, em ordem alfabética.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Estas variáveis com as de `overrides` por cima: as de mesmo nome trocam de valor, e as outras entram.
    #[must_use]
    pub fn overridden(&self, overrides: &Self) -> Self {
        let mut merged = self.0.clone();
        merged.extend(overrides.0.clone());
        Self(merged)
    }
}

/// Troca cada `${stageVariables.nome}` de uma URI de integração pelo valor da variável; o resto fica como está.
pub fn render_uri(uri: &str, variables: &StageVariables) -> String {
    todo!("procura em {uri:?} as referências e põe o valor de {variables:?} no lugar")
}

/// Que parte das requisições vai ao canary, de 0,0 a 100,0 por cento.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PercentTraffic(f64);

impl PercentTraffic {
    /// `None` fora de 0,0 a 100,0.
    pub fn new(percent: f64) -> Option<Self> {
        (0.0..=100.0).contains(&percent).then_some(Self(percent))
    }

    /// O número, de 0,0 a 100,0.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Sorteia se uma requisição vai ao canary.
    pub fn diverts(self, random: &mut Random) -> bool {
        let _ = random;
        todo!("sorteia com `fraction` e compara com a porcentagem")
    }
}

/// O que se pede para um canary.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentCanarySettings {
    /// Que parte das requisições vai a ele.
    pub percent_traffic: PercentTraffic,
    /// As variáveis que ele põe por cima das do stage.
    pub stage_variable_overrides: StageVariables,
}

/// O canary de um stage.
#[derive(Debug, Clone, PartialEq)]
pub struct CanarySettings {
    /// O deployment que ele serve.
    pub deployment_id: DeploymentId,
    /// Que parte das requisições vai a ele.
    pub percent_traffic: PercentTraffic,
    /// As variáveis que ele põe por cima das do stage.
    pub stage_variable_overrides: StageVariables,
}

/// Um stage: o nome de um deployment, com variáveis próprias.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// O deployment que ele serve.
    pub deployment_id: DeploymentId,
    /// As variáveis.
    pub variables: StageVariables,
    /// O canary, se houver.
    pub canary_settings: Option<CanarySettings>,
}

/// O que vale para uma requisição.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected<'a, C> {
    /// O deployment escolhido.
    pub deployment_id: DeploymentId,
    /// A cópia da configuração que esse deployment guarda.
    pub configuration: &'a C,
    /// As variáveis, já com as do canary por cima se a requisição foi a ele.
    pub variables: StageVariables,
    /// `$context.isCanaryRequest`: existe quando o stage tem canary, e diz se a requisição foi a ele.
    pub is_canary_request: Option<bool>,
}

/// Uma API REST com os deployments e os stages dela. `C` é a configuração: aqui basta saber copiá-la.
#[derive(Debug, Clone)]
pub struct Api<C> {
    /// A configuração em edição. Nenhum stage a serve.
    pub configuration: C,
    deployments: Vec<C>,
    stages: BTreeMap<String, Stage>,
}

impl<C: Clone> Api<C> {
    /// Uma API que nunca foi publicada.
    pub fn new(configuration: C) -> Self {
        Self { configuration, deployments: Vec::new(), stages: BTreeMap::new() }
    }

    /// A cópia que um deployment guarda.
    pub fn deployment(&self, id: DeploymentId) -> Option<&C> {
        self.deployments.get(id.0.checked_sub(1)?)
    }

    /// O stage com este nome.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.get(name)
    }

    /// A operação `CreateDeployment` sem stage: guarda uma cópia da configuração em edição. O primeiro deployment é o `d1`.
    pub fn snapshot(&mut self) -> DeploymentId {
        self.deployments.push(self.configuration.clone());
        DeploymentId(self.deployments.len())
    }

    fn stage_mut(&mut self, name: &str) -> Result<&mut Stage, StageError> {
        self.stages.get_mut(name).ok_or(StageError::UnknownStage)
    }

    /// Diz se um stage com este nome pode ser criado.
    ///
    /// # Errors
    /// Quando o nome não serve ou já existe, e quando já há 10 stages.
    pub fn check_new_stage(&self, name: &str) -> Result<(), StageError> {
        let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 128 || !name.chars().all(valid) {
            return Err(StageError::InvalidStageName(name.to_owned()));
        }
        match self.stages.len() {
            _ if self.stages.contains_key(name) => Err(StageError::StageExists),
            10.. => Err(StageError::TooManyStages),
            _ => Ok(()),
        }
    }

    /// A operação `CreateStage`: um stage novo, sem canary, num deployment que já existe.
    ///
    /// # Errors
    /// Os de [`Self::check_new_stage`], e quando o deployment não existe.
    pub fn create_stage(
        &mut self,
        name: &str,
        deployment_id: DeploymentId,
        variables: StageVariables,
    ) -> Result<(), StageError> {
        self.check_new_stage(name)?;
        if self.deployment(deployment_id).is_none() {
            return Err(StageError::UnknownDeployment);
        }
        self.stages.insert(name.to_owned(), Stage { deployment_id, variables, canary_settings: None });
        Ok(())
    }

    /// A operação `CreateDeployment` sem `canarySettings`: copia a configuração e aponta o stage para a cópia. Um stage que
    /// não existe é criado, sem variáveis.
    ///
    /// # Errors
    /// [`StageError::CanaryEnabled`] se o stage tem canary, e os de [`Self::check_new_stage`] se ele é novo.
    pub fn create_deployment(&mut self, stage_name: &str) -> Result<DeploymentId, StageError> {
        todo!("copia a configuração com `snapshot` e aponta {stage_name:?} para a cópia")
    }

    /// A operação `CreateDeployment` com `canarySettings`: copia a configuração para o canary do stage, criando-o ou trocando
    /// o que havia.
    ///
    /// # Errors
    /// [`StageError::CanaryWithoutStage`] se o stage não existe.
    pub fn create_canary_deployment(
        &mut self,
        stage_name: &str,
        settings: DeploymentCanarySettings,
    ) -> Result<DeploymentId, StageError> {
        todo!("copia a configuração e põe a cópia no canary de {stage_name:?}, com {settings:?}")
    }

    /// A operação `UpdateStage` que troca o deployment do stage: é assim que se volta a uma versão anterior.
    ///
    /// # Errors
    /// Quando o stage ou o deployment não existe, e [`StageError::CanaryEnabled`] se o stage tem canary.
    pub fn update_deployment(&mut self, stage_name: &str, deployment_id: DeploymentId) -> Result<(), StageError> {
        todo!("aponta {stage_name:?} para {deployment_id}")
    }

    /// A operação `UpdateStage` que troca a porcentagem do canary.
    ///
    /// # Errors
    /// Quando o stage não existe ou não tem canary.
    pub fn update_percent_traffic(&mut self, stage_name: &str, percent: PercentTraffic) -> Result<(), StageError> {
        let canary = self.stage_mut(stage_name)?.canary_settings.as_mut().ok_or(StageError::NoCanary)?;
        canary.percent_traffic = percent;
        Ok(())
    }

    /// A operação `UpdateStage` que promove o canary.
    ///
    /// # Errors
    /// Quando o stage não existe ou não tem canary.
    pub fn promote_canary(&mut self, stage_name: &str) -> Result<(), StageError> {
        todo!("copia o canary de {stage_name:?} para o stage; o canary fica, com 0%")
    }

    /// A operação `UpdateStage` que tira o canary; o stage fica como está.
    ///
    /// # Errors
    /// Quando o stage não existe.
    pub fn delete_canary(&mut self, stage_name: &str) -> Result<(), StageError> {
        self.stage_mut(stage_name)?.canary_settings = None;
        Ok(())
    }

    /// Escolhe o deployment e as variáveis para uma requisição a este stage; `None` se o stage não existe.
    pub fn select(&self, stage_name: &str, random: &mut Random) -> Option<Selected<'_, C>> {
        let _ = random;
        todo!("sorteia entre {stage_name:?} e o canary dele, se houver")
    }
}
