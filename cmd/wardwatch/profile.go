package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profiled does the work and leaves in the folder what it cost, for go tool pprof:
// cpu.pprof of all of it, heap.pprof of the moment at which it is told to stop. With
// no folder it only does the work.
func profiled(ctx context.Context, folder string, work func() error) (err error) {
	if folder == "" {
		runtime.MemProfileRate = 0 // nobody will ask where memory was taken
		return work()
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return usageError{fmt.Errorf("make --profile's folder: %w", err)}
	}
	file, err := os.Create(filepath.Join(folder, "cpu.pprof"))
	if err != nil {
		return usageError{fmt.Errorf("write a profile: %w", err)}
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(fmt.Errorf("take a profile: %w", err), file.Close())
	}
	heap := make(chan error, 1)
	told := context.AfterFunc(ctx, func() { heap <- heapProfile(filepath.Join(folder, "heap.pprof")) })
	err = work()
	if told() { // it ended by itself
		heap <- nil
	}
	pprof.StopCPUProfile()
	return errors.Join(err, <-heap, file.Close())
}

// heapProfile writes what the heap holds once what nobody uses has gone.
func heapProfile(name string) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	runtime.GC()
	return pprof.Lookup("heap").WriteTo(file, 0)
}
