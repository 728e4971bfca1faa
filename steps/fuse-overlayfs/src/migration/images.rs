//! Which images are carried over, and the list of them that is written down first.

use std::collections::BTreeSet;

use phoenix_sdk::{Bytes, shown};
use serde_json::Value;

/// What the list begins with. A list with another first line is of another version, and read as empty.
const HEADER: &str = "phoenix-orch docker migration 1";

/// Images and their names, as Docker shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The driver that they are on.
    pub(crate) driver: String,
    /// Whether containerd keeps them: an id is then the digest of a manifest or an index.
    pub(crate) containerd: bool,
    /// Where it has its layers.
    pub(crate) folder: String,
    pub(crate) ids: BTreeSet<String>,
    /// Ids and names.
    pub(crate) tags: BTreeSet<(String, String)>,
}

/// An image, as far as this step reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) tags: Vec<String>,
    pub(crate) size: u64,
    pub(crate) config: Value,
}

impl Image {
    /// From one line of Docker's. Ids and names become words of a list and of a command, so a line in
    /// which they are anything else is refused.
    pub(crate) fn read(document: &Value) -> Option<Self> {
        let id = document.get("Id")?.as_str().filter(|id| is_word(id))?.to_owned();
        let tags = document.get("RepoTags").and_then(Value::as_array).cloned().unwrap_or_default();
        let tags =
            tags.iter().map(|tag| tag.as_str().filter(|tag| is_word(tag)).map(str::to_owned));
        Some(Self {
            id,
            tags: tags.collect::<Option<_>>()?,
            size: document.get("Size")?.as_u64()?,
            config: document.get("Config").cloned().unwrap_or_default(),
        })
    }
}

/// Docker's ids and names have no blanks, and do not begin like an option.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 1000
        && !text.starts_with('-')
        && text.chars().all(|letter| letter.is_ascii_graphic())
}

impl Manifest {
    /// Of the images that have a name, and those that a container was made from. The rest are layers of
    /// builds and images that a newer one took the name of: nothing asks for them by name.
    pub(crate) fn choose(images: &[Image], used: &[&str]) -> Self {
        let mut chosen = Self::default();
        for image in images {
            if !image.tags.is_empty() || used.contains(&image.id.as_str()) {
                chosen.ids.insert(image.id.clone());
            }
            let tags = image.tags.iter().map(|tag| (image.id.clone(), tag.clone()));
            chosen.tags.extend(tags);
        }
        chosen
    }

    /// As it is written down.
    pub(crate) fn write(&self) -> String {
        let store = if self.containerd { "containerd" } else { "graphdriver" };
        let ids = self.ids.iter().map(|id| format!("image {id}\n"));
        let tags = self.tags.iter().map(|(id, name)| format!("tag {id} {name}\n"));
        let Self { driver, folder, .. } = self;
        format!("{HEADER}\ndriver {driver}\nstore {store}\nfolder {folder}\n")
            + &ids.chain(tags).collect::<String>()
    }

    /// As it was written down, or by a script that lists images.
    pub(crate) fn read(content: &Bytes) -> Option<Self> {
        let text = content.to_text();
        let body = text.strip_prefix(HEADER)?.strip_prefix('\n')?;
        Some(Self::lines(body))
    }

    /// Of lines `driver`, `store`, `image` and `tag`; others say nothing.
    pub(crate) fn lines(text: &str) -> Self {
        let mut read = Self::default();
        for line in text.lines() {
            if let Some(folder) = line.strip_prefix("folder ") {
                read.folder = shown::name(folder);
                continue;
            }
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["driver", name] => read.driver = shown::name(name),
                ["store", name] => read.containerd = name == "containerd",
                ["image", id] => drop(read.ids.insert(id.to_owned())),
                ["tag", id, name] => drop(read.tags.insert((id.to_owned(), name.to_owned()))),
                _ => {}
            }
        }
        read
    }

    /// What of this list another one does not have, in words.
    pub(crate) fn missing(&self, there: &Self) -> Vec<String> {
        let ids = self.ids.difference(&there.ids).map(|id| shown::name(id));
        let tags = self.tags.difference(&there.tags);
        ids.chain(tags.map(|(id, name)| format!("{} ({})", shown::name(name), shown::name(id))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Image, Manifest};

    fn images() -> Vec<Image> {
        [
            json!({"Id": "sha256:a", "RepoTags": ["a:1", "b:2"], "Size": 5, "Config": {}}),
            json!({"Id": "sha256:b", "RepoTags": [], "Size": 5, "Config": {}}),
            json!({"Id": "sha256:c", "RepoTags": null, "Size": 5}),
        ]
        .iter()
        .map(|document| Image::read(document).unwrap())
        .collect()
    }

    #[test]
    fn named_and_used_images_are_chosen_and_the_list_is_read_back() {
        let chosen = Manifest {
            driver: "vfs".to_owned(),
            folder: "/a b/vfs".to_owned(),
            ..Manifest::choose(&images(), &["sha256:c"])
        };
        let text = "phoenix-orch docker migration 1\ndriver vfs\nstore graphdriver\nfolder /a b/vfs\n\
                    image sha256:a\nimage sha256:c\ntag sha256:a a:1\ntag sha256:a b:2\n";
        assert_eq!(chosen.write(), text);
        assert_eq!(Manifest::read(&text.into()), Some(chosen.clone()));
        assert_eq!(Manifest::read(&"phoenix-orch docker migration 2\nimage x\n".into()), None);
        let there = Manifest::lines("image sha256:a\ntag sha256:a a:1\ntag sha256:z b:2\n");
        assert_eq!(chosen.missing(&there), ["sha256:c", "b:2 (sha256:a)"]);
        assert!(chosen.missing(&chosen).is_empty());
    }

    #[test]
    fn what_cannot_be_an_id_or_a_name_is_refused() {
        for document in [
            json!({"Id": "--help", "Size": 1}),
            json!({"Id": "sha256:a b", "Size": 1}),
            json!({"Id": "sha256:a", "RepoTags": ["a:1\ntag x"], "Size": 1}),
            json!({"Id": "sha256:a", "RepoTags": [7], "Size": 1}),
            json!({"Id": "sha256:a", "Size": -1}),
            json!([]),
            Value::Null,
        ] {
            assert_eq!(Image::read(&document), None, "{document}");
        }
    }
}
