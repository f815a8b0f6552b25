module github.com/parleyproto/parley

go 1.26
