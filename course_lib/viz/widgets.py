"""What a notebook imports to ask, show and move: sliders, the course's own panels, quizzes, source code."""

from course_lib.viz.assignment_figures import (
    ablation_told,
    combinations_picture,
    combinations_told,
    confusion_picture,
    confusion_told,
    samples_picture,
    waterfall_picture,
)
from course_lib.viz.code import show_code
from course_lib.viz.live_curves import LiveCurves, curves_picture
from course_lib.viz.panels.activation_curves import activation_gallery, activation_panel
from course_lib.viz.panels.adaptive import bias_panel
from course_lib.viz.panels.augmenting import augmentation_gallery, text_panel, turning_panel
from course_lib.viz.panels.averaging import averaging_panel
from course_lib.viz.panels.batch_statistics import batch_size_panel, running_panel, scale_shift_panel
from course_lib.viz.panels.batches import batch_panel
from course_lib.viz.panels.brightness import brightness_panel, covariate_shift_picture
from course_lib.viz.panels.calibrating import calibration_panel
from course_lib.viz.panels.centring import zigzag_panel
from course_lib.viz.panels.clipping import clipping_panel
from course_lib.viz.panels.comparing import FontsTold, ensembles_picture, fonts_picture, robustness_picture
from course_lib.viz.panels.decaying import decay_panel
from course_lib.viz.panels.diagnosing import diagnosis_panel
from course_lib.viz.panels.dropping import dropout_panel
from course_lib.viz.panels.dying import dead_panel
from course_lib.viz.panels.flatness import flatness_panel, sam_panel
from course_lib.viz.panels.folding import depth_panel
from course_lib.viz.panels.generalization import bias_variance_panel, capacity_panel, interpolation_panel
from course_lib.viz.panels.inspecting import batch_picture
from course_lib.viz.panels.keeping import fans_panel, keeping_panel
from course_lib.viz.panels.layers import layers_panel, rules_picture
from course_lib.viz.panels.loss_shapes import accuracy_panel, outlier_panel, sigmoid_panel
from course_lib.viz.panels.maxing import maxout_panel
from course_lib.viz.panels.mixing import lambda_panel, mixing_panel
from course_lib.viz.panels.momentum import condition_panel, momentum_panel
from course_lib.viz.panels.norm_axes import norm_axes_panel, norm_axes_picture
from course_lib.viz.panels.penalties import geometry_panel, max_norm_panel, zeros_panel
from course_lib.viz.panels.preprocessing import preprocess_panel
from course_lib.viz.panels.priors import prior_panel
from course_lib.viz.panels.products import product_panel
from course_lib.viz.panels.racing import race_panel
from course_lib.viz.panels.refined import refinements_picture, refinements_told
from course_lib.viz.panels.running import faults_panel, gallery_picture, rates_panel, ratios_panel
from course_lib.viz.panels.schedules import schedule_gallery, schedule_panel
from course_lib.viz.panels.searching import edge_panel, grid_panel, halving_panel
from course_lib.viz.panels.second_order import second_order_picture
from course_lib.viz.panels.signals import depth_gradient_panel
from course_lib.viz.panels.skipping import survival_panel
from course_lib.viz.panels.sliding import convolution_panel
from course_lib.viz.panels.smoothing import smoothing_panel
from course_lib.viz.panels.softening import softmax_panel
from course_lib.viz.panels.splitting import epoch_picture, folds_panel
from course_lib.viz.panels.stability import stability_panel
from course_lib.viz.panels.starting import starts_picture
from course_lib.viz.panels.stopping import stopping_panel
from course_lib.viz.panels.symmetry import symmetry_panel
from course_lib.viz.panels.transferring import stages_panel
from course_lib.viz.panels.variance_shift import variance_shift_panel
from course_lib.viz.panels.weight_scale import weight_scale_panel
from course_lib.viz.picture import show
from course_lib.viz.quiz import ask, quiz
from course_lib.viz.sliders import frames, live, value_slider

__all__ = [
    "FontsTold",
    "LiveCurves",
    "ablation_told",
    "accuracy_panel",
    "activation_gallery",
    "activation_panel",
    "ask",
    "augmentation_gallery",
    "averaging_panel",
    "batch_panel",
    "batch_picture",
    "batch_size_panel",
    "bias_panel",
    "bias_variance_panel",
    "brightness_panel",
    "calibration_panel",
    "capacity_panel",
    "clipping_panel",
    "combinations_picture",
    "combinations_told",
    "condition_panel",
    "confusion_picture",
    "confusion_told",
    "convolution_panel",
    "covariate_shift_picture",
    "curves_picture",
    "dead_panel",
    "decay_panel",
    "depth_gradient_panel",
    "depth_panel",
    "diagnosis_panel",
    "dropout_panel",
    "edge_panel",
    "ensembles_picture",
    "epoch_picture",
    "fans_panel",
    "faults_panel",
    "flatness_panel",
    "folds_panel",
    "fonts_picture",
    "frames",
    "gallery_picture",
    "geometry_panel",
    "grid_panel",
    "halving_panel",
    "interpolation_panel",
    "keeping_panel",
    "lambda_panel",
    "layers_panel",
    "live",
    "max_norm_panel",
    "maxout_panel",
    "mixing_panel",
    "momentum_panel",
    "norm_axes_panel",
    "norm_axes_picture",
    "outlier_panel",
    "preprocess_panel",
    "prior_panel",
    "product_panel",
    "quiz",
    "race_panel",
    "rates_panel",
    "ratios_panel",
    "refinements_picture",
    "refinements_told",
    "robustness_picture",
    "rules_picture",
    "running_panel",
    "sam_panel",
    "samples_picture",
    "scale_shift_panel",
    "schedule_gallery",
    "schedule_panel",
    "second_order_picture",
    "show",
    "show_code",
    "sigmoid_panel",
    "smoothing_panel",
    "softmax_panel",
    "stability_panel",
    "stages_panel",
    "starts_picture",
    "stopping_panel",
    "survival_panel",
    "symmetry_panel",
    "text_panel",
    "turning_panel",
    "value_slider",
    "variance_shift_panel",
    "waterfall_picture",
    "weight_scale_panel",
    "zeros_panel",
    "zigzag_panel",
]
