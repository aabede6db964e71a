namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The parts of a fit that are done, in the library's own format: what was read scores as what was fitted, bit for bit.</summary>
internal sealed class TreeFitState
{
    private readonly FitCheckpoint? _checkpoint;
    private readonly List<byte[]> _saved = [];

    private TreeFitState(FitCheckpoint? checkpoint) => _checkpoint = checkpoint;

    internal List<IFittedTrees> Parts { get; } = [];

    /// <param name="partsMax">State with more parts is of another fit, and is not taken.</param>
    internal static TreeFitState Read(FitCheckpoint? checkpoint, ITreeEngine engine, int partsMax)
    {
        var state = new TreeFitState(checkpoint);
        if (checkpoint?.TryRead() is not { } bytes)
        {
            return state;
        }

        using var reader = new BinaryReader(new MemoryStream(bytes));
        var count = reader.ReadInt32();
        for (var part = 0; part < count && count <= partsMax; part++)
        {
            state._saved.Add(reader.ReadBytes(reader.ReadInt32()));
            state.Parts.Add(engine.Read(state._saved[^1]));
        }

        return state;
    }

    internal void Add(IFittedTrees part)
    {
        Parts.Add(part);
        if (_checkpoint is null)
        {
            return;
        }

        _saved.Add(part.Save());
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(_saved.Count);
        foreach (var saved in _saved)
        {
            writer.Write(saved.Length);
            writer.Write(saved);
        }

        writer.Flush();
        _checkpoint.Write(stream.ToArray());
    }
}
