using Grpc.Core;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reason codes of an answer, where they were asked for: off the path of predictions that were not.</summary>
/// <remarks>Thread safe. Stateless but for the models that it keeps.</remarks>
internal sealed class PredictionReasons(PredictionPath predictions, ServableManager servables, ReasonModels models)
{
    /// <summary>Reason codes per row, at most.</summary>
    public const int CodesMax = 100;

    /// <summary>Rows of a request with reasons, at most: about a second of work for a few hundred trees.</summary>
    public const int RowsMax = 1000;

    /// <summary>Predicts, and says why.</summary>
    /// <param name="most">Reason codes per row; 0: none.</param>
    /// <returns>The answer, with one entry per row; <see langword="null"/> where none were asked for.</returns>
    /// <exception cref="ProtocolFailure">FAILED_PRECONDITION: the package has no reasons.</exception>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: too many codes or rows; and as <see cref="PredictionPath.PredictAsync"/>.</exception>
    public async ValueTask<(PredictionResult Result, IReadOnlyList<RowReasons>? Reasons)> PredictAsync(PredictionRequest request, uint most, CancellationToken cancellationToken)
    {
        if (most == 0)
        {
            return (await predictions.PredictAsync(request, cancellationToken).ConfigureAwait(false), null);
        }

        if (most > CodesMax)
        {
            throw new ServingException(ServingError.InvalidInput, $"reasons is {most}; expected 0 to {CodesMax}.");
        }

        // Refused before anything is predicted and logged, where that can be known: the rollout may choose another version for the prediction.
        using (var lease = await servables.AcquireAsync(new ModelName(NameOf(request.Project), request.Model), request.Selector, cancellationToken).ConfigureAwait(false))
        {
            Check(lease.Servable);
        }

        var result = await predictions.PredictAsync(request, cancellationToken).ConfigureAwait(false);
        using var answered = await servables.AcquireAsync(result.Model, VersionSelector.OfVersion(result.Version), cancellationToken).ConfigureAwait(false);
        Check(answered.Servable);
        var model = await models.GetAsync(answered.Servable, cancellationToken).ConfigureAwait(false);
        return (result, Explain(answered.Servable, model, result, (int)most, cancellationToken));
    }

    private static string NameOf(string project) => project.Length == 0 ? ModelName.DefaultProject : project;

    private static void Check(Servable servable)
    {
        if (!servable.Manifest.Files.ContainsKey(ReasonModel.FileName))
        {
            throw new ProtocolFailure(
                StatusCode.FailedPrecondition,
                $"Model '{servable.Model.Name}' version {servable.Version} gives no reasons: its package has no {ReasonModel.FileName}. Ask without reasons, or train it anew.");
        }
    }

    private static RowReasons[] Explain(Servable servable, ReasonModel model, PredictionResult result, int most, CancellationToken cancellationToken)
    {
        if (result.Rows > RowsMax)
        {
            throw new ServingException(ServingError.InvalidInput, $"The request has {result.Rows} rows; with reasons expected at most {RowsMax}.");
        }

        var inputs = ReasonInputs.Of(servable, model, result.FeatureColumns);
        var failed = result.RowErrors.Select(static error => error.Row).ToHashSet();
        var reasons = new RowReasons[result.Rows];
        for (var row = 0; row < reasons.Length; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (failed.Contains(row))
            {
                reasons[row] = new RowReasons(model.BaseValue, []);
                continue;
            }

            reasons[row] = new RowReasons(model.BaseValue, model.Explain(inputs.Read(result, row), most));
        }

        return reasons;
    }
}
