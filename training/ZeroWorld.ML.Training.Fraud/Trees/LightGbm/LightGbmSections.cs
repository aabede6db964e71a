namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A model of LightGBM that grows in sections, each of which begins with the trees before it and a seed of its own: one that was killed goes on with the next.</summary>
/// <remarks>
/// The library keeps the state of its random choices to itself, so that sections have seeds of their own, and an undisturbed fit grows by the same ones. Immutable and thread safe.
/// </remarks>
/// <param name="trees">Of the whole model.</param>
/// <param name="sectionTrees">Of a section; 1 or more.</param>
internal sealed class LightGbmSections(int trees, int sectionTrees)
{
    // Far from the seeds of fits that are averaged.
    private const int SeedStep = 1_000_003;

    internal bool AreSeveral => sectionTrees < trees;

    /// <returns>Trees that there are at the end of the section that begins with tree <paramref name="done"/>.</returns>
    internal int End(int done) => Math.Min(trees, ((done / sectionTrees) + 1) * sectionTrees);

    internal int SeedOf(int seed, int done) => unchecked(seed + (done / sectionTrees * SeedStep)) & int.MaxValue;

    /// <returns>Trees that are done and the model that has them; 0 and <see langword="null"/> for none.</returns>
    internal (int Done, byte[]? Text) Read(FitCheckpoint? grown)
    {
        if (!AreSeveral || grown?.TryRead() is not { Length: > sizeof(int) } bytes)
        {
            return (0, null);
        }

        return (BitConverter.ToInt32(bytes), bytes[sizeof(int)..]);
    }

    /// <summary>Keeps what is done; the whole model is kept by whoever asked for it.</summary>
    internal void Write(FitCheckpoint? grown, int done, byte[] text)
    {
        if (grown is not null && done < trees)
        {
            grown.Write([.. BitConverter.GetBytes(done), .. text]);
        }
    }
}
