{
  "targets": [
    {
      "target_name": "relay_socket",
      "sources": [
        "addon.c",
        "address.c",
        "errors.c",
        "loop.c",
        "open.c",
        "receive.c",
        "route.c",
        "send.c",
        "steering.c"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fvisibility=hidden"],
      "cflags!": ["-Wno-unused-parameter"],
      "ldflags": ["-Wl,-z,now"]
    }
  ]
}
