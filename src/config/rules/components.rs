//! Which parts of Kubeflow may be left out together.

use super::Found;
use crate::config::{Config, components};

/// Each name is known, and nothing that stays needs what goes.
pub(super) fn check(config: &Config, found: &mut Found) {
    let disabled = &config.spec.kubeflow.components.disable;
    for (i, name) in disabled.iter().enumerate() {
        let at = format!("spec.kubeflow.components.disable[{i}]");
        let Some(part) = components::parts().iter().find(|part| part.name == *name) else {
            let known: Vec<&str> = components::parts().iter().map(|part| part.name.as_str()).collect();
            found.add(&at, format!("there is no component `{name}`"), &format!("one of {}", known.join(", ")));
            continue;
        };
        let users: Vec<&str> =
            part.needed_by.iter().filter(|user| !disabled.contains(user)).map(String::as_str).collect();
        if !users.is_empty() {
            let users = users.join(" and ");
            found.add(&at, format!("`{name}` is needed by {users}"), &format!("disable {users} too, or keep `{name}`"));
        }
    }
}
