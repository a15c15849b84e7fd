//! A kustomization with faults: each of them, and what can be read nonetheless.

use serde_json::{Map, Value};

use super::Kustomization;
use super::fields::Place;
use crate::model::Error;

/// Fields that the reading of others depends on.
const TYPE: [&str; 2] = ["kind", "apiVersion"];

/// Reads field by field: what fails is left out and told. A wrong type is told alone, since it decides what the rest means.
pub fn read(document: &Value, place: &Place) -> (Kustomization, Vec<Error>) {
    let alone = |value: &Value, place: &Place| Kustomization::from_value(value, place.clone());
    let Value::Object(map) = document else {
        return (Kustomization::default(), alone(document, place).err().into_iter().collect());
    };
    let mut good: Map<String, Value> = Map::new();
    for (key, value) in map.iter().filter(|(key, _)| TYPE.contains(&key.as_str())) {
        good.insert(key.clone(), value.clone());
    }
    let typed = good.clone();
    let with = |key: &str, value: &Value| {
        let mut one = typed.clone();
        one.insert(key.to_owned(), value.clone());
        Value::Object(one)
    };
    if let Err(error) = alone(&with("namespace", &"any".into()), place) {
        return (Kustomization::default(), vec![error]);
    }
    let (place, faults) = place.gathering();
    for (key, value) in map.iter().filter(|(key, value)| !typed.contains_key(*key) && !is_nothing(value)) {
        match alone(&with(key, value), &place) {
            Ok(_) => drop(good.insert(key.clone(), value.clone())),
            Err(error) => faults.borrow_mut().push(error),
        }
    }
    let all = faults.take();
    match alone(&Value::Object(good), &place) {
        Ok(spec) => (spec, all),
        Err(error) if all.is_empty() => (Kustomization::default(), vec![error]),
        Err(_) => (Kustomization::default(), all),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}
