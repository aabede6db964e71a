using Grpc.Core;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Recommenders of the served packages: read when they are first asked, the few that were asked last are kept.</summary>
/// <remarks>Thread safe. A package is known by its digest, so that a recommender never outlives what it was made of.</remarks>
internal sealed class Recommenders(TimeProvider time)
{
    /// <summary>As many versions as an A/B test and its predecessors need; each takes the memory of its factors and histories.</summary>
    private const int KeptMax = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <param name="package">The package; its digest is the key.</param>
    /// <param name="name">What it is called in messages.</param>
    /// <exception cref="ProtocolFailure">FAILED_PRECONDITION: the package holds no recommender.</exception>
    /// <exception cref="Training.TrainingException">The file is damaged.</exception>
    public async ValueTask<RecommendationEngine> GetAsync(ModelPackage package, string name, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(package.Digest, out entry!))
            {
                if (!package.Manifest.Files.ContainsKey(RecommenderBundle.FileName))
                {
                    throw new ProtocolFailure(
                        StatusCode.FailedPrecondition, $"{name} is no recommender: its package has no {RecommenderBundle.FileName}.");
                }

                while (_entries.Count >= KeptMax)
                {
                    _entries.Remove(_entries.MinBy(static pair => pair.Value.LastUsed).Key);
                }

                // Reading blocks for as long as the disk takes: not on a thread that others wait for.
                var path = Path.Combine(package.Directory, RecommenderBundle.FileName);
                entry = new Entry(Task.Run(() => new RecommendationEngine(RecommenderBundle.Read(path)), CancellationToken.None));
                _entries.Add(package.Digest, entry);
            }

            entry.LastUsed = time.GetTimestamp();
        }

        try
        {
            return await entry.Engine.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (entry.Engine.IsFaulted)
        {
            // The next caller tries again.
            lock (_gate)
            {
                if (_entries.GetValueOrDefault(package.Digest) == entry)
                {
                    _entries.Remove(package.Digest);
                }
            }

            throw;
        }
    }

    private sealed class Entry(Task<RecommendationEngine> engine)
    {
        public Task<RecommendationEngine> Engine => engine;

        public long LastUsed { get; set; }
    }
}
