//! The OpenAPI document, made from the table of routes. `docs/openapi.json` is its committed copy.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::ROUTES;
use super::route::{Body, Route};

/// The JSON Schema of a request's body.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// The document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(operations) = operations {
            operations.insert(route.method.to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ringfence",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Controls and evidence around outbound AI voice calls. Times are RFC 3339 UTC, numbers \
                            E.164. Errors are RFC 9457 problems with a stable `code`.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "responses": {"Problem": {
                "description": "What went wrong.",
                "content": {"application/problem+json": {"schema": problem()}},
            }},
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": {
            "2XX": {"description": "Done, or answered."},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    let body = match route.body {
        Body::None => None,
        Body::Json(schema) => Some(json!({"application/json": {"schema": schema()}})),
        Body::JsonOrFile(schema) => Some(json!({"application/json": {"schema": schema()},
                                                "text/csv": {"schema": {"type": "string"}}})),
        Body::Form(schema) => {
            Some(json!({"application/x-www-form-urlencoded": {"schema": schema()}}))
        }
        Body::Wav => Some(json!({"audio/wav": {"schema": {"type": "string", "format": "binary"}}})),
        Body::File => Some(json!({"text/csv": {"schema": {"type": "string"}}})),
        Body::List => Some(
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}),
        ),
    };
    if let Value::Object(fields) = &mut operation {
        if let Some(content) = body {
            fields.insert(
                "requestBody".into(),
                json!({"required": true, "content": content}),
            );
        }
        match route.roles {
            None => {
                fields.insert("security".into(), json!([]));
            }
            Some(roles) => {
                let mut words = vec!["admin"];
                words.extend(roles.iter().map(|r| r.as_str()));
                fields.insert("x-roles".into(), json!(words));
            }
        }
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let string = json!({"type": "string"});
    let mut all: Vec<Value> = route
        .path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": string}))
        .collect();
    if route.method == "POST" {
        all.push(
            json!({"name": "Idempotency-Key", "in": "header", "required": false,
                        "schema": {"type": "string", "maxLength": 255}}),
        );
    }
    if matches!(route.body, Body::Wav) {
        all.push(
            json!({"name": "text", "in": "query", "required": true, "schema": string,
                        "description": "The words of the prompt."}),
        );
    }
    if matches!(route.body, Body::List) {
        let asked = super::lists::ASKED.iter();
        all.extend(asked.map(|(name, what)| {
            json!({"name": name, "in": "query", "required": *name == "kind", "schema": string,
                   "description": what})
        }));
    }
    all
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"},
            "status": {"type": "integer"}, "code": {"type": "string"},
            "detail": {"type": "string"}, "field": {"type": "string"},
        },
    })
}

#[cfg(test)]
mod tests {
    /// With `RINGFENCE_BLESS=1` the committed copy is written anew.
    #[test]
    fn the_committed_copy_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let fresh = serde_json::to_string_pretty(&super::document()).unwrap() + "\n";
        if std::env::var_os("RINGFENCE_BLESS").is_some() {
            std::fs::write(path, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == fresh,
            "docs/openapi.json is stale: RINGFENCE_BLESS=1 cargo test"
        );
    }
}
