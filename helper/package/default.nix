# SPDX-License-Identifier: MIT
# A package for Nix, of this tree: nix-build helper/package
# The Nix store makes every file readable: that the private programs can be run and not read, as other packages have it, does not hold there.
{ pkgs ? import <nixpkgs> { } }:

pkgs.stdenv.mkDerivation {
  pname = "sk-helper";
  version = builtins.head (builtins.match ".*\nVERSION = ([^\n]+)\n.*" (builtins.readFile ../../Makefile));

  src = builtins.path {
    name = "sk-helper-source";
    path = ../..;
    filter = path: type: !(builtins.elem (baseNameOf path) [ ".git" "build" "node_modules" "result" ]);
  };

  nativeBuildInputs = [ pkgs.pkg-config ];
  # the front door is static: it needs the C library's archive
  buildInputs = [ pkgs.cjson pkgs.curl pkgs.keyutils pkgs.libmicrohttpd pkgs.libsecret pkgs.libsodium pkgs.openssl pkgs.stdenv.cc.libc.static ];

  makeFlags = [ "prefix=${placeholder "out"}" "sysconfdir=/etc" "FRONT_CC=cc" ];
  enableParallelBuilding = true;
  postPatch = "patchShebangs helper/package";

  meta = {
    description = "OAuth tokens for scripts and agents, with the secret in the keyring";
    license = pkgs.lib.licenses.mit;
    platforms = [ "x86_64-linux" "aarch64-linux" ];
    mainProgram = "sk-helper";
  };
}
