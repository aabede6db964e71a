using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One request at one ensemble, and the ensembles that it is a step of.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class EnsembleCall
{
    /// <summary>Ensembles within one another.</summary>
    public const int DepthMax = 16;

    /// <summary>Steps of one request, those of all its ensembles together.</summary>
    public const int StepsMax = 1024;

    private readonly EnsembleCall? _outer;
    private readonly EnsembleCall _outermost;
    private readonly ModelName _model;
    private int _steps;

    private EnsembleCall(EnsembleCall? outer, ModelName model) => (_outer, _outermost, _model) = (outer, outer?._outermost ?? this, model);

    /// <param name="outer">The ensemble of which this one is a step; <see langword="null"/>: the request's own.</param>
    /// <param name="model">The ensemble.</param>
    /// <param name="steps">How many of its steps are run.</param>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: it is a step of itself, or too much is nested.</exception>
    public static EnsembleCall Enter(EnsembleCall? outer, ModelName model, int steps)
    {
        var depth = 1;
        for (var call = outer; call is not null; call = call._outer)
        {
            if (call._model == model)
            {
                throw Refuse($"The ensemble '{outer!._model.Name}' has the step '{model.Name}', {(outer == call ? "itself" : "of which it is a step")}.");
            }

            if (++depth > DepthMax)
            {
                throw Refuse($"The ensemble '{model.Name}' is within {depth - 1} others; expected at most {DepthMax - 1}.");
            }
        }

        var entered = new EnsembleCall(outer, model);
        return Interlocked.Add(ref entered._outermost._steps, steps) <= StepsMax
            ? entered
            : throw Refuse($"The ensemble '{entered._outermost._model.Name}' has, with those of the ensembles that are its steps, more than {StepsMax} steps.");
    }

    private static ServingException Refuse(string message) => new(ServingError.ModelRefused, message);
}
