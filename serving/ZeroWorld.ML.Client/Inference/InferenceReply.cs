using System.Buffers;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>The answer to an <see cref="InferenceQuery"/>, in memory that is rented: dispose it when its outputs were read.</summary>
/// <remarks>Its outputs lie in the bytes of the message; they are valid until it is disposed. Not thread safe in that.</remarks>
public sealed class InferenceReply : IDisposable
{
    private byte[]? _buffer;

    internal InferenceReply(byte[] buffer, string model, string version, string id, IReadOnlyList<WireTensor> outputs)
    {
        _buffer = buffer;
        Model = model;
        Version = version;
        Id = id;
        Outputs = outputs;
    }

    public string Model { get; }

    /// <summary>The version that answered.</summary>
    public string Version { get; }

    /// <summary>As it was in the query.</summary>
    public string Id { get; }

    /// <summary>In the order asked for.</summary>
    public IReadOnlyList<WireTensor> Outputs { get; }

    /// <summary>The output of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public WireTensor GetOutput(string name) => Outputs.FirstOrDefault(output => string.Equals(output.Name, name, StringComparison.Ordinal))
        ?? throw new ArgumentException($"There is no output '{name}'. Outputs: {string.Join(", ", Outputs.Select(static output => output.Name))}.", nameof(name));

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
