//! O roteamento: qual recurso da API REST, ou qual rota da API HTTP, atende uma requisição.
//!
//! ```text
//!   REST: método + caminho ─▶ capture em cada recurso ─▶ o mais específico que tem o método ─▶ RestMatch
//!                                                    └─▶ nenhum: Missing Authentication Token
//!   HTTP: caminho ─▶ select_stage ─▶ capture em cada rota ─▶ casamento pleno, guloso, $default ─▶ HttpMatch
//!                                └─▶ nenhum: 404 Not Found
//! ```
//!
//! Segue `api-gateway-method-settings-method-request` e `http-api-develop-routes`, do guia do API Gateway.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Refusal, Request, Response};
use crate::route_key::{InvalidRouteKey, MethodKey, PathPart, RouteKey, Template};

/// Os parâmetros que o caminho trouxe: o nome, sem chaves nem `+`, e o trecho como veio na URL.
pub type PathParameters = BTreeMap<String, String>;

/// Casa o caminho de uma requisição com o de um recurso ou de uma rota, sem olhar o método.
///
/// Devolve os parâmetros que o caminho trouxe, ou `None` se não casa.
pub fn capture(template: &[PathPart], path: &str) -> Option<PathParameters> {
    todo!("casa {template:?} com {path:?}, um segmento por vez; o guloso leva o resto")
}

/// Por que a AWS recusa um recurso novo; o texto é o dela.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateResourceError {
    /// O pai é guloso (400 `BadRequestException`). Leva o segmento do pai: `{proxy+}`.
    #[error("Cannot create a child of a resource with a greedy path variable: {0}")]
    GreedyParent(String),
    /// O pai já tem um filho com parâmetro, guloso ou não (400 `BadRequestException`). Leva o segmento desse filho.
    #[error("A sibling ({0}) of this resource already has a variable path part -- only one is allowed")]
    VariableSibling(String),
    /// O pai já tem um filho com este texto fixo (409 `ConflictException`).
    #[error("Another resource with the same parent already has this name: {0}")]
    SameName(String),
}

/// Por que uma linha como `GET /cities/{city}` não pôde entrar na API REST.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefineError {
    /// Não é um método e um caminho.
    #[error(transparent)]
    RouteKey(#[from] InvalidRouteKey),
    /// Um dos recursos do caminho não pode existir.
    #[error(transparent)]
    Resource(#[from] CreateResourceError),
}

/// Um recurso de uma [`RestApi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceId(usize);

#[derive(Debug, Clone)]
struct Resource {
    /// O caminho inteiro, desde a raiz.
    template: Template,
    methods: BTreeSet<MethodKey>,
}

/// A árvore de recursos de uma API REST.
#[derive(Debug, Clone)]
pub struct RestApi {
    resources: Vec<Resource>,
}

/// O recurso e o método que atendem uma requisição a uma API REST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestMatch {
    /// O caminho do recurso, `$context.resourcePath`: `/cities/{city}`.
    pub resource_path: String,
    /// O método do recurso: pode ser `ANY`.
    pub method: MethodKey,
    /// Os parâmetros que o caminho trouxe.
    pub path_parameters: PathParameters,
}

impl Default for RestApi {
    fn default() -> Self {
        Self::new()
    }
}

impl RestApi {
    /// Uma API só com o recurso raiz, sem método nenhum.
    pub fn new() -> Self {
        Self { resources: vec![Resource { template: Template::new(), methods: BTreeSet::new() }] }
    }

    /// O recurso raiz, `/`.
    pub fn root(&self) -> ResourceId {
        ResourceId(0)
    }

    /// O último segmento de cada filho de `parent`.
    pub fn children(&self, parent: ResourceId) -> impl Iterator<Item = &PathPart> {
        let parent = self.resources[parent.0].template.as_slice();
        self.resources.iter().filter_map(move |resource| match resource.template.split_last() {
            Some((part, above)) if above == parent => Some(part),
            _ => None,
        })
    }

    /// A operação `CreateResource`: cria um filho de `parent`, sem método nenhum.
    ///
    /// # Errors
    /// [`CreateResourceError`], e a API fica como estava.
    pub fn create_resource(&mut self, parent: ResourceId, path_part: &str) -> Result<ResourceId, CreateResourceError> {
        let part = PathPart::parse(path_part);
        self.check_child(parent, &part)?;
        let template = [self.resources[parent.0].template.as_slice(), &[part]].concat();
        self.resources.push(Resource { template, methods: BTreeSet::new() });
        Ok(ResourceId(self.resources.len() - 1))
    }

    /// Diz se `parent` aceita um filho `part`.
    fn check_child(&self, parent: ResourceId, part: &PathPart) -> Result<(), CreateResourceError> {
        let _ = parent;
        todo!("confere o pai de {part} e os filhos que ele já tem")
    }

    /// A operação `PutMethod`.
    pub fn put_method(&mut self, resource: ResourceId, method: MethodKey) {
        self.resources[resource.0].methods.insert(method);
    }

    /// Cria os recursos que faltam em `GET /cities/{city}`, do primeiro segmento ao último, e põe o método no último.
    ///
    /// # Errors
    /// [`DefineError`] quando o texto não é um método e um caminho, ou quando um dos recursos não pode ser criado.
    pub fn define(&mut self, route: &str) -> Result<(), DefineError> {
        let RouteKey::Path(method, template) = route.parse()? else {
            return Err(InvalidRouteKey(route.to_owned()).into());
        };
        let mut resource = self.root();
        for depth in 1..=template.len() {
            let existing = self.resources.iter().position(|each| each.template == template[..depth]);
            resource = match existing {
                Some(index) => ResourceId(index),
                None => self.create_resource(resource, &template[depth - 1].to_string())?,
            };
        }
        self.put_method(resource, method);
        Ok(())
    }

    /// Escolhe o recurso e o método que atendem a requisição.
    ///
    /// # Errors
    /// `MISSING_AUTHENTICATION_TOKEN`, com a mensagem `Missing Authentication Token`, quando nenhum recurso casa ou nenhum
    /// dos que casam tem o método.
    pub fn route(&self, request: &Request) -> Result<RestMatch, Refusal> {
        let _ = request;
        todo!("dos recursos que casam e têm o método, escolhe o mais específico, segmento a segmento")
    }
}

/// Os stages e as rotas de uma API HTTP. Aqui todos os stages têm as mesmas rotas.
#[derive(Debug, Clone, Default)]
pub struct HttpApi {
    /// Os nomes dos stages; `$default` é um deles, se existir.
    pub stages: BTreeSet<String>,
    /// As rotas, na ordem de criação.
    pub routes: Vec<RouteKey>,
}

/// O stage escolhido e o caminho que sobra para procurar a rota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageMatch {
    /// O nome do stage: pode ser `$default`.
    pub stage: String,
    /// O caminho sem o nome do stage: `/users/7`; `/` quando só veio o nome.
    pub path: String,
}

/// O stage e a rota que atendem uma requisição a uma API HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMatch {
    /// O nome do stage: pode ser `$default`.
    pub stage: String,
    /// A rota.
    pub route_key: RouteKey,
    /// Os parâmetros que o caminho trouxe; a rota `$default` não tem nenhum.
    pub path_parameters: PathParameters,
}

impl HttpApi {
    /// Uma API com estes stages e estas rotas.
    ///
    /// # Errors
    /// [`InvalidRouteKey`] na primeira rota que não é `$default` nem um método e um caminho.
    pub fn new(stages: &[&str], routes: &[&str]) -> Result<Self, InvalidRouteKey> {
        let stages = stages.iter().map(|&stage| stage.to_owned()).collect();
        let routes = routes.iter().map(|route| route.parse()).collect::<Result<_, _>>()?;
        Ok(Self { stages, routes })
    }

    /// Escolhe o stage pelo primeiro segmento do caminho; `None` quando não há stage que sirva.
    pub fn select_stage(&self, path: &str) -> Option<StageMatch> {
        todo!("procura em {path:?} o nome de um stage; se não houver, fica com `$default`")
    }

    /// Escolhe o stage e depois a rota. O caminho da requisição ainda traz o nome do stage, se houver.
    ///
    /// # Errors
    /// A resposta 404 `{"message":"Not Found"}`, quando não há stage ou não há rota.
    pub fn route(&self, request: &Request) -> Result<HttpMatch, Response> {
        let _ = request;
        todo!("escolhe o stage e, das rotas que casam, a de maior prioridade; senão, 404")
    }
}
