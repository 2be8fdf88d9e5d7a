//! Os modelos de uma API REST: cada um é um JSON Schema, draft 4, com um nome.
//!
//! ```text
//!   Models::new ──compila──▶ Empty, Error (toda API tem) + os seus
//!   Models::check("Alert", corpo) ──▶ Ok, ou o que está errado no corpo
//! ```
//!
//! Um modelo cita outro por um `$ref` para `https://apigateway.amazonaws.com/restapis/{apiId}/models/{nome}`, e o
//! endereço nunca é buscado na rede: só valem os modelos da mesma API.
//!
//! Segue <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use jsonschema::{Draft, Retrieve, Uri, Validator};
use serde_json::{Value, json};

/// Um modelo que a API não aceita.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// O nome tem algo que não é letra nem algarismo.
    #[error("o nome de um modelo só tem letras e algarismos: `{0}`")]
    InvalidName(String),
    /// O schema não é um JSON Schema válido, ou cita um modelo que não existe.
    #[error("o schema do modelo `{name}` não serve: {reason}")]
    InvalidSchema {
        /// O modelo.
        name: String,
        /// O motivo, em inglês, como o validador o escreve.
        reason: String,
    },
}

/// O corpo não segue o modelo; o texto diz onde e por quê: `/severity: 9 is greater than the maximum of 5`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(pub String);

/// Os modelos de uma API, já compilados. Clones dividem a mesma compilação.
#[derive(Clone)]
pub struct Models(Arc<BTreeMap<String, Validator>>);

impl Models {
    /// Os dois modelos que toda API tem, `Empty` e `Error`, e mais estes. Um modelo seu com um desses dois nomes vale no
    /// lugar do de fábrica.
    ///
    /// # Errors
    /// [`ModelError`] no primeiro modelo que não serve.
    pub fn new<'a>(api_id: &str, models: impl IntoIterator<Item = (&'a str, Value)>) -> Result<Self, ModelError> {
        let mut schemas = BTreeMap::from([
            ("Empty".to_owned(), json!({ "type": "object" })),
            ("Error".to_owned(), json!({ "type": "object", "properties": { "message": { "type": "string" } } })),
        ]);
        for (name, schema) in models {
            if name.is_empty() || !name.chars().all(|each| each.is_ascii_alphanumeric()) {
                return Err(ModelError::InvalidName(name.to_owned()));
            }
            schemas.insert(name.to_owned(), schema);
        }
        let library = Library { prefix: model_uri(api_id, ""), schemas: Arc::new(schemas) };
        let compile = |name: &String| {
            let options = jsonschema::options().with_draft(Draft::Draft4).with_retriever(library.clone());
            let compiled = options.build(&json!({ "$ref": model_uri(api_id, name) }));
            let error = |error: jsonschema::ValidationError<'_>| ModelError::InvalidSchema {
                name: name.clone(),
                reason: error.to_string(),
            };
            compiled.map(|validator| (name.clone(), validator)).map_err(error)
        };
        Ok(Self(Arc::new(library.schemas.keys().map(compile).collect::<Result<_, _>>()?)))
    }

    /// Confere um corpo com o modelo `name`.
    ///
    /// # Errors
    /// [`SchemaError`] quando o corpo não segue o modelo. Um modelo que não existe também recusa.
    pub fn check(&self, name: &str, body: &Value) -> Result<(), SchemaError> {
        let validator = self.0.get(name).ok_or_else(|| SchemaError(format!("no such model: {name}")))?;
        let errors: Vec<String> = validator
            .iter_errors(body)
            .map(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                path => format!("{path}: {error}"),
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(SchemaError(errors.join("; "))) }
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Models").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

/// O endereço com que um modelo cita outro.
pub fn model_uri(api_id: &str, name: &str) -> String {
    format!("https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}")
}

/// Entrega ao compilador os modelos da própria API.
#[derive(Clone)]
struct Library {
    prefix: String,
    schemas: Arc<BTreeMap<String, Value>>,
}

impl Retrieve for Library {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let name = uri.as_str().strip_prefix(&self.prefix);
        name.and_then(|name| self.schemas.get(name)).cloned().ok_or_else(|| format!("no such model: {uri}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "a1b2c3d4e5";

    #[test]
    fn a_model_refers_to_another_by_its_address() {
        let models = [
            ("Alert", json!({ "type": "object", "properties": { "city": { "$ref": model_uri(API, "City") } } })),
            ("City", json!({ "type": "string", "minLength": 3 })),
        ];
        let models = Models::new(API, models).unwrap();
        assert_eq!(models.check("Alert", &json!({ "city": "serra-clara" })), Ok(()));
        let error = models.check("Alert", &json!({ "city": "x" })).unwrap_err();
        assert!(error.0.starts_with("/city: "), "{error}");
        assert!(models.check("Missing", &json!({})).is_err());
    }

    #[test]
    fn empty_and_error_come_with_the_api() {
        let models = Models::new(API, []).unwrap();
        assert_eq!(models.check("Empty", &json!({ "anything": 1 })), Ok(()));
        assert!(models.check("Empty", &json!([])).is_err());
        assert_eq!(models.check("Error", &json!({ "message": "no" })), Ok(()));
        assert!(models.check("Error", &json!({ "message": 1 })).is_err());
    }

    #[test]
    fn a_bad_model_is_refused() {
        let error = |name, schema| Models::new(API, [(name, schema)]).map(|_| ()).unwrap_err();
        assert_eq!(error("My-Alert", json!({})), ModelError::InvalidName("My-Alert".to_owned()));
        assert!(
            matches!(error("Alert", json!({ "type": 7 })), ModelError::InvalidSchema { name, .. } if name == "Alert")
        );
        let missing = json!({ "$ref": model_uri(API, "City") });
        assert!(matches!(error("Alert", missing), ModelError::InvalidSchema { name, .. } if name == "Alert"));
    }

    #[test]
    fn draft_four_reads_its_own_keywords() {
        let schema = json!({ "type": "number", "minimum": 1, "exclusiveMinimum": true });
        let models = Models::new(API, [("Severity", schema)]).unwrap();
        assert!(models.check("Severity", &json!(1)).is_err());
        assert_eq!(models.check("Severity", &json!(2)), Ok(()));
    }
}
