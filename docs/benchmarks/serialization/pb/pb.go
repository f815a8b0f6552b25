// Package pb holds the messages in protobuf, with the methods of protobuf-go and those of
// vtprotobuf. Its generated files were made with protoc 3.21.12.
package pb

//go:generate ./generate.sh
