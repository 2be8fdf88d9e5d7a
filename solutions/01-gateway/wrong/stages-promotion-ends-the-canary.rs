//! Engano: promover o canary acaba com ele, e o stage volta a aceitar deployments comuns.

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
        let name_is_valid = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let value_is_valid = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(c);
        if name.is_empty() || !name.chars().all(name_is_valid) {
            return Err(VariableError::Name(name.to_owned()));
        }
        if value.is_empty() || !value.chars().all(value_is_valid) {
            return Err(VariableError::Value(value.to_owned()));
        }
        if name.len() > 64 {
            return Err(VariableError::LongName);
        }
        if value.len() > 512 {
            return Err(VariableError::LongValue);
        }
        if self.0.len() >= 100 && !self.0.contains_key(name) {
            return Err(VariableError::TooMany);
        }
        self.0.insert(name.to_owned(), value.to_owned());
        Ok(())
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
    const OPEN: &str = "${stageVariables.";
    let mut rendered = String::new();
    let mut rest = uri;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        rendered.push_str(before);
        rendered.push_str(variables.get(name).unwrap_or_default());
        rest = after;
    }
    rendered + rest
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
        self.0 > random.fraction() * 100.0
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
        match self.stage(stage_name) {
            Some(stage) if stage.canary_settings.is_some() => {
                return Err(StageError::CanaryEnabled(stage_name.to_owned()));
            }
            Some(_) => {}
            None => self.check_new_stage(stage_name)?,
        }
        let deployment_id = self.snapshot();
        match self.stages.get_mut(stage_name) {
            Some(stage) => stage.deployment_id = deployment_id,
            None => self.create_stage(stage_name, deployment_id, StageVariables::new())?,
        }
        Ok(deployment_id)
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
        if self.stage(stage_name).is_none() {
            return Err(StageError::CanaryWithoutStage(stage_name.to_owned()));
        }
        let deployment_id = self.snapshot();
        self.stage_mut(stage_name)?.canary_settings = Some(CanarySettings {
            deployment_id,
            percent_traffic: settings.percent_traffic,
            stage_variable_overrides: settings.stage_variable_overrides,
        });
        Ok(deployment_id)
    }

    /// A operação `UpdateStage` que troca o deployment do stage: é assim que se volta a uma versão anterior.
    ///
    /// # Errors
    /// Quando o stage ou o deployment não existe, e [`StageError::CanaryEnabled`] se o stage tem canary.
    pub fn update_deployment(&mut self, stage_name: &str, deployment_id: DeploymentId) -> Result<(), StageError> {
        if self.deployment(deployment_id).is_none() {
            return Err(StageError::UnknownDeployment);
        }
        let stage = self.stage_mut(stage_name)?;
        if stage.canary_settings.is_some() {
            return Err(StageError::CanaryEnabled(stage_name.to_owned()));
        }
        stage.deployment_id = deployment_id;
        Ok(())
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
        let stage = self.stage_mut(stage_name)?;
        let canary = stage.canary_settings.take().ok_or(StageError::NoCanary)?;
        stage.deployment_id = canary.deployment_id;
        stage.variables = stage.variables.overridden(&canary.stage_variable_overrides);
        Ok(())
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
        let stage = self.stage(stage_name)?;
        let canary = stage.canary_settings.as_ref();
        let diverted = canary.filter(|canary| canary.percent_traffic.diverts(random));
        let (deployment_id, variables) = match diverted {
            Some(canary) => (canary.deployment_id, stage.variables.overridden(&canary.stage_variable_overrides)),
            None => (stage.deployment_id, stage.variables.clone()),
        };
        let configuration = self.deployment(deployment_id)?;
        let is_canary_request = canary.map(|_| diverted.is_some());
        Some(Selected { deployment_id, configuration, variables, is_canary_request })
    }
}
