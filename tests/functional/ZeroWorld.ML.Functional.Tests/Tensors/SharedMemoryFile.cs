using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A POSIX shared memory object as a client makes it: on Linux, a file in /dev/shm.</summary>
internal sealed class SharedMemoryFile : IDisposable
{
    private readonly FileStream _file;

    private SharedMemoryFile(string key, FileStream file)
    {
        Key = key;
        _file = file;
    }

    public string Key { get; }

    public static SharedMemoryFile Create(long bytes)
    {
        if (!Directory.Exists("/dev/shm"))
        {
            Assert.Skip("This system has no /dev/shm.");
        }

        var key = $"/zeroworld-{Guid.NewGuid():N}";
        var file = new FileStream($"/dev/shm{key}", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        file.SetLength(bytes);
        return new SharedMemoryFile(key, file);
    }

    public void Write(long offset, byte[] data) => RandomAccess.Write(_file.SafeFileHandle, data, offset);

    public void Truncate(long bytes) => _file.SetLength(bytes);

    public int[] Ints(long offset)
    {
        var raw = new byte[64];
        RandomAccess.Read(_file.SafeFileHandle, raw, offset);
        return MemoryMarshal.Cast<byte, int>(raw).ToArray();
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete($"/dev/shm{Key}");
    }
}
