using Grpc.Core;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The shared memory that clients on this machine have registered for their tensors.</summary>
/// <remarks>
/// Tensors are read and written with system calls, each bounded by the registered part, into memory of their own: nothing of a client is mapped, so a client that
/// truncates or changes its memory meanwhile cannot break this process or a check that was made.
/// <para>Thread safe.</para>
/// </remarks>
internal sealed class SharedMemoryRegions(ServerOptions options) : IDisposable
{
    // Objects by which a Triton's Python models talk to their processes.
    private const string ReservedPrefix = "triton_python_backend_shm_region_";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SharedMemoryRegion> _regions = new(StringComparer.Ordinal);

    public bool IsEnabled => options.SharedMemory && PosixSharedMemory.IsSupported;

    /// <param name="name">Empty: all of them, by name.</param>
    public IReadOnlyList<SharedMemoryRegion> List(string name)
    {
        lock (_lock)
        {
            return name.Length == 0
                ? [.. _regions.Values.OrderBy(static region => region.Name, StringComparer.Ordinal)]
                : _regions.TryGetValue(name, out var region)
                    ? [region]
                    : throw new ProtocolFailure(StatusCode.NotFound, $"Unable to find system shared memory region: '{name}'");
        }
    }

    /// <exception cref="ProtocolFailure">It is off, the name is taken or missing, or the key names no object with these bytes.</exception>
    public void Register(string name, string key, ulong offset, ulong byteSize)
    {
        RefuseWhereOff();
        if (name.Length == 0)
        {
            throw Invalid("'region name' is necessary to register system shared memory region");
        }

        // As the system has it, slashes before a name say nothing.
        var objectName = key.TrimStart('/');
        if (objectName.StartsWith(ReservedPrefix, StringComparison.Ordinal))
        {
            throw Invalid($"cannot register shared memory region '{name}' with key '{key}' as the key contains the reserved prefix '{ReservedPrefix}'");
        }

        if (!PosixSharedMemory.IsName(objectName))
        {
            throw Invalid($"cannot register shared memory region '{name}' - invalid shm key '{key}'; expected '/' and a name without further '/'");
        }

        if (byteSize == 0 || byteSize > (ulong)options.SharedMemoryBytesMax)
        {
            throw Invalid($"failed to register shared memory region '{name}': invalid args: byte_size is {byteSize}; expected 1 to {options.SharedMemoryBytesMax} (Server:SharedMemoryBytesMax)");
        }

        lock (_lock)
        {
            if (_regions.ContainsKey(name))
            {
                throw new ProtocolFailure(StatusCode.AlreadyExists, $"shared memory region '{name}' already in manager");
            }

            if (_regions.Count >= options.SharedMemoryRegionsMax)
            {
                throw new ProtocolFailure(
                    StatusCode.ResourceExhausted, $"failed to register shared memory region '{name}': {_regions.Count} regions are registered (Server:SharedMemoryRegionsMax)");
            }

            _regions[name] = Open(name, key, offset, byteSize);
        }
    }

    /// <summary>Forgets a region, or all of them; one that is not there is forgotten already.</summary>
    public void Unregister(string name)
    {
        RefuseWhereOff();
        lock (_lock)
        {
            foreach (var region in name.Length == 0 ? [.. _regions.Values] : _regions.TryGetValue(name, out var known) ? [known] : (SharedMemoryRegion[])[])
            {
                _regions.Remove(region.Name);

                // Calls that hold the handle at this moment keep it open until they are done.
                region.Handle.Dispose();
            }
        }
    }

    /// <exception cref="ProtocolFailure">There is no such region, or the range does not lie in it.</exception>
    public void Check(SharedMemoryRange range) => Find(range);

    /// <inheritdoc cref="SharedMemoryReader"/>
    public ReadOnlyMemory<byte> Read(string tensor, SharedMemoryRange range)
    {
        var region = Find(range);
        if (range.ByteSize > options.MessageBytesMax)
        {
            throw Invalid($"input '{tensor}' in shared memory region '{range.Region}' has {range.ByteSize} bytes; expected at most {options.MessageBytesMax} (Server:MessageBytesMax)");
        }

        var data = GC.AllocateUninitializedArray<byte>((int)range.ByteSize);
        try
        {
            var total = 0;
            while (total < data.Length)
            {
                var read = RandomAccess.Read(region.Handle, data.AsSpan(total), region.Offset + range.Offset + total);
                total += read > 0 ? read : throw Shorter(range);
            }

            return data;
        }
        catch (Exception exception) when (exception is ObjectDisposedException or IOException)
        {
            throw ToFailure(region, exception);
        }
    }

    /// <param name="data">At most as long as the range.</param>
    public void Write(SharedMemoryRange range, ReadOnlySpan<byte> data)
    {
        var region = Find(range);
        try
        {
            // A write beyond the end would make the object longer.
            if (RandomAccess.GetLength(region.Handle) < region.Offset + range.Offset + data.Length)
            {
                throw Shorter(range);
            }

            RandomAccess.Write(region.Handle, data, region.Offset + range.Offset);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or IOException)
        {
            throw ToFailure(region, exception);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var region in _regions.Values)
            {
                region.Handle.Dispose();
            }

            _regions.Clear();
        }
    }

    private static SharedMemoryRegion Open(string name, string key, ulong offset, ulong byteSize)
    {
        var handle = PosixSharedMemory.TryOpen(key.TrimStart('/'))
            ?? throw Invalid($"failed to register shared memory region '{name}': Unable to open shared memory region: '{key}'");
        try
        {
            var length = (ulong)RandomAccess.GetLength(handle);
            return offset <= length && byteSize <= length - offset
                ? new SharedMemoryRegion(name, key, (long)offset, (long)byteSize, handle)
                : throw Invalid($"failed to register shared memory region '{name}': invalid args: '{key}' has {length} bytes, and {byteSize} at {offset} were asked for");
        }
        catch (Exception exception) when (exception is NotSupportedException or IOException or UnauthorizedAccessException)
        {
            handle.Dispose();
            throw Invalid($"failed to register shared memory region '{name}': '{key}' is no shared memory object: {exception.Message}");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Another caller may unregister a region while it is used.</summary>
    private static ProtocolFailure ToFailure(SharedMemoryRegion region, Exception exception) => exception is ObjectDisposedException
        ? NotFound(region.Name)
        : Invalid($"The shared memory region '{region.Name}' cannot be used: {exception.Message}");

    private static ProtocolFailure Shorter(SharedMemoryRange range) =>
        Invalid($"Invalid offset + byte size for shared memory region: '{range.Region}': the object behind it has become shorter");

    private SharedMemoryRegion Find(SharedMemoryRange range)
    {
        RefuseWhereOff();
        SharedMemoryRegion? region;
        lock (_lock)
        {
            region = _regions.GetValueOrDefault(range.Region);
        }

        return region switch
        {
            null => throw NotFound(range.Region),
            _ when range.Offset >= region.ByteSize && range.ByteSize > 0 => throw Invalid($"Invalid offset for shared memory region: '{range.Region}'"),
            _ when range.ByteSize > long.MaxValue - range.Offset => throw Invalid($"Integer overflow detected: byte_size {range.ByteSize} and offset {range.Offset} of shared memory region: '{range.Region}'"),
            _ when range.ByteSize > region.ByteSize - range.Offset => throw Invalid($"Invalid offset + byte size for shared memory region: '{range.Region}'"),
            _ => region,
        };
    }

    private void RefuseWhereOff()
    {
        if (!IsEnabled)
        {
            throw new ProtocolFailure(
                StatusCode.Unimplemented,
                PosixSharedMemory.IsSupported ? "Shared memory is off on this server; its setting Server:SharedMemory turns it on." : "Shared memory needs Linux.");
        }
    }

    private static ProtocolFailure NotFound(string region) => new(StatusCode.NotFound, $"Unable to find shared memory region: '{region}'");

    private static ProtocolFailure Invalid(string message) => new(StatusCode.InvalidArgument, message);
}
