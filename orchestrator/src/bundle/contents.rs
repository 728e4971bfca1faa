//! What a run's before- and after-images refer to, without the contents themselves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Events;
use crate::{
    effect::{Digest, Image, Vault},
    engine::{Body, Deed},
};

impl Events {
    /// A document for each content that is referred to: its SHA-256, and its size if it is kept still.
    pub fn contents(&self, vault: &dyn Vault) -> Vec<Value> {
        let mut sizes: BTreeMap<&Digest, Option<usize>> = BTreeMap::new();
        for image in self.events.iter().flat_map(|event| images(&event.body)) {
            for digest in image.contents() {
                sizes
                    .entry(digest)
                    .or_insert_with(|| vault.fetch(digest).ok().map(|content| content.len()));
            }
        }
        sizes.iter().map(|(digest, bytes)| json!({ "sha256": digest, "bytes": bytes })).collect()
    }
}

fn images(body: &Body) -> Vec<&Image> {
    match body {
        Body::Intended { deed, before, expected, .. } => {
            let restored = match &**deed {
                Deed::Restore(restore) => vec![&restore.from, &restore.to],
                Deed::Change(_) => Vec::new(),
            };
            [&**before].into_iter().chain(expected.as_deref()).chain(restored).collect()
        }
        Body::Done { after, .. } | Body::Settled { after, .. } => vec![after],
        Body::EffectFailed { after, .. } => after.iter().collect(),
        _ => Vec::new(),
    }
}
