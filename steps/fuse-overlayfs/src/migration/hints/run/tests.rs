use serde_json::{Value, json};

use super::{Image, line};

fn image() -> Image {
    Image {
        id: "sha256:aa".to_owned(),
        tags: vec!["web:1".to_owned()],
        size: 1,
        config: json!({
            "Env": ["PATH=/bin"], "Cmd": ["serve"], "Entrypoint": ["/entry"], "User": "www",
            "WorkingDir": "/srv", "Labels": {"made": "by me"}, "ExposedPorts": {"80/tcp": {}},
        }),
    }
}

/// A container of [`image`] as Docker makes it without any option, with some keys set over it.
fn container(config: &Value, host: &Value, rest: &Value) -> Value {
    let mut document = json!({
        "Id": "0123456789abcdef", "Name": "/web",
        "Config": {
            "Hostname": "0123456789ab", "Image": "web:1", "Env": ["PATH=/bin"], "Cmd": ["serve"],
            "Entrypoint": ["/entry"], "User": "www", "WorkingDir": "/srv", "Tty": false,
            "Labels": {"made": "by me"}, "ExposedPorts": {"80/tcp": {}},
        },
        "HostConfig": {
            "NetworkMode": "default", "IpcMode": "private", "ShmSize": 67_108_864, "Binds": null,
            "LogConfig": {"Type": "json-file", "Config": {}}, "RestartPolicy": {"Name": "no"},
            "MemorySwappiness": null, "PidsLimit": null, "Runtime": "runc",
        },
        "NetworkSettings": {"Networks": {"bridge": {"IPAMConfig": null, "Aliases": null}}},
        "Mounts": [],
    });
    for (part, more) in [("Config", config), ("HostConfig", host)] {
        for (key, value) in more.as_object().into_iter().flatten() {
            document[part][key] = value.clone();
        }
    }
    for (key, value) in rest.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    document
}

#[test]
fn what_differs_from_the_image_and_the_defaults_is_in_the_line() {
    let none = json!({});
    let in_config = |config: Value| container(&config, &none, &none);
    let in_host = |host: Value| container(&none, &host, &none);
    for (container, expected) in [
        (container(&none, &none, &none), "web:1"),
        (
            in_config(json!({"Hostname": "shop", "User": "root", "Tty": true})),
            "--hostname shop --tty --user root web:1",
        ),
        (
            in_config(json!({"Env": ["PATH=/bin", "A=b c", "N=1\n2"]})),
            "--env 'A=b c' --env $'N=1\\n2' web:1",
        ),
        (in_config(json!({"Labels": {"made": "by me", "x": "$(id)"}})), "--label 'x=$(id)' web:1"),
        (in_config(json!({"Cmd": ["serve", "--port", "8 0"]})), "web:1 serve --port '8 0'"),
        (
            in_config(json!({"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["a; b"]})),
            "--entrypoint /bin/sh web:1 -c 'a; b'",
        ),
        (in_config(json!({"Entrypoint": null})), "--entrypoint '' web:1 serve"),
        // The name means another image now, so only the id is right.
        (in_config(json!({"Image": "web:2"})), "sha256:aa"),
        (
            in_host(
                json!({"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}, "Privileged": true,
                           "SecurityOpt": ["label=disable"]}),
            ),
            "--restart on-failure:3 --privileged web:1",
        ),
        (
            in_host(
                json!({"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::1", "HostPort": ""}]}}),
            ),
            "--publish 8080:80/tcp --publish '[::1]::80/tcp' web:1",
        ),
        (
            in_host(json!({"Binds": ["data:/data:ro"], "Tmpfs": {"/t": "size=1m", "/u": ""},
                           "Mounts": [{"Type": "bind", "Source": "/a b", "Target": "/c", "ReadOnly": true}]})),
            "--volume data:/data:ro --mount 'type=bind,source=/a b,target=/c,readonly' --tmpfs /t:size=1m --tmpfs /u web:1",
        ),
        (
            in_host(
                json!({"CapAdd": ["NET_ADMIN"], "Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/f",
                           "CgroupPermissions": "rwm"}], "Memory": 1024, "MemorySwap": 2048, "NanoCpus": 1_500_000_000,
                           "PidsLimit": 50, "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}]}),
            ),
            "--cap-add NET_ADMIN --device /dev/fuse:/dev/f:rwm --ulimit nofile=1:2 --memory 1024 --cpus 1.5 --pids-limit 50 web:1",
        ),
        (
            container(
                &none,
                &none,
                &json!({"Mounts": [{"Type": "volume", "Name": "ab12", "Destination": "/var/lib/x"}]}),
            ),
            "--volume ab12:/var/lib/x web:1",
        ),
        (
            container(
                &none,
                &json!({"NetworkMode": "front"}),
                &json!({"NetworkSettings": {"Networks": {
                    "front": {"IPAMConfig": {"IPv4Address": "10.1.1.1"}, "Aliases": ["0123456789ab", "shop"]},
                    "back": {},
                }}}),
            ),
            "--network front --ip 10.1.1.1 --network-alias shop web:1 && docker network connect back web",
        ),
        (
            in_config(
                json!({"Healthcheck": {"Test": ["CMD-SHELL", "curl -f x || exit 1"], "Interval": 5_000_000_000_i64}}),
            ),
            "--health-cmd 'curl -f x || exit 1' --health-interval 5000000000ns web:1",
        ),
    ] {
        let expected = format!("docker run --detach --name web {expected}");
        assert_eq!(line(&container, Some(&image())), expected);
    }
}

#[test]
fn documents_that_are_not_docker_s_make_a_line_all_the_same() {
    for document in [json!(null), json!([]), json!({"Config": 7, "HostConfig": [], "Mounts": "x"})]
    {
        assert_eq!(line(&document, None), "docker run --detach ''");
    }
}
