{
  "targets": [
    {
      "target_name": "relay_session",
      "sources": ["addon.c", "aead.c"],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fvisibility=hidden"],
      "cflags!": ["-Wno-unused-parameter"],
      "ldflags": ["-Wl,-z,now"]
    }
  ]
}
