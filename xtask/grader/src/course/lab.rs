//! Os laboratórios: quais controles cada um tem e em que página está.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::is_name;

/// Um laboratório: recebe o cenário que os controles montam e devolve o que a página desenha. Todos os de um capítulo estão em um
/// programa só, que os distingue pelo `id`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    /// O que vai em `lab` no cenário: minúsculas e hífens, único no capítulo.
    pub id: String,
    pub title: String,
    pub description: String,
    /// O passo em cuja página o laboratório aparece.
    pub page: String,
    /// Como os controles e o resultado se arrumam.
    #[serde(default)]
    pub layout: Layout,
    /// As tabelas que o código de quem lê produz aparecem ao lado das de referência, com o que difere marcado.
    #[serde(default)]
    pub compare: bool,
    pub controls: Vec<Control>,
}

/// Como os controles e o resultado de um laboratório se arrumam quando há largura.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// O resultado embaixo dos controles.
    #[default]
    Stacked,
    /// O resultado à direita, para quem escreve vê-lo mudar.
    SideBySide,
}

/// Um controle do laboratório; `id` é a chave no JSON do cenário.
///
/// Sem `deny_unknown_fields`: o serde não o aceita junto com `flatten`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Control {
    pub id: String,
    pub label: String,
    #[serde(flatten)]
    pub kind: ControlKind,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ControlKind {
    Select {
        options: Vec<ControlOption>,
        default: String,
    },
    Range {
        min: i64,
        max: i64,
        step: i64,
        #[serde(default)]
        unit: String,
        default: i64,
    },
    Checkbox {
        default: bool,
    },
    /// Um texto de várias linhas.
    Text {
        rows: u32,
        default: String,
    },
    /// Exemplos prontos: escolher um preenche outros controles de texto ou de escolha. Não vai para o cenário.
    Example {
        options: Vec<Example>,
    },
}

/// Um exemplo pronto: o valor de outros controles, pelo `id`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub label: String,
    pub values: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ControlOption {
    pub value: String,
    pub label: String,
}

impl Lab {
    pub(super) fn check(&self, chapter: &str, seen: &mut BTreeSet<String>) -> Result<()> {
        ensure!(
            is_name(&self.id, '-'),
            "o laboratório `{}` de `{chapter}` precisa de um id em minúsculas, números e `-`",
            self.id
        );
        ensure!(
            seen.insert(format!("{chapter} laboratório {}", self.id)),
            "o laboratório `{}` de `{chapter}` aparece duas vezes",
            self.id
        );
        let filled: BTreeSet<_> = self
            .controls
            .iter()
            .filter(|control| matches!(control.kind, ControlKind::Text { .. } | ControlKind::Select { .. }))
            .map(|control| control.id.as_str())
            .collect();
        for control in &self.controls {
            ensure!(
                control.id != "lab",
                "`lab` é o nome do laboratório no cenário: dê outro id ao controle de `{}`",
                self.id
            );
            let ControlKind::Example { options } = &control.kind else { continue };
            for id in options.iter().flat_map(|example| example.values.keys()) {
                ensure!(
                    filled.contains(id.as_str()),
                    "um exemplo de `{}` preenche `{id}`, que não é um controle de texto ou de escolha dele",
                    self.id
                );
            }
        }
        Ok(())
    }
}
